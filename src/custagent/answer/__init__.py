"""From a question to an answer: signals, confidence, decision, words. One way for preview, test and live (ANS-1)."""
