"""What a document may cost, in upstream calls, told before any is made."""
