"""How the journal's tables came to be, step by step; run when the journal is opened."""
