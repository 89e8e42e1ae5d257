package io.adapt4j.eval.advise;

/** Source of a rule. */
record Source(String reference, String finding) {}
