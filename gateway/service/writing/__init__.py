"""Writes, exactly once: claimed in the journal, sent, and looked for if nobody knows."""
