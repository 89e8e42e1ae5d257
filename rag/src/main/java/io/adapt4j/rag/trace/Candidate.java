package io.adapt4j.rag.trace;

/**
 * A chunk that a stage let through.
 *
 * @param chunkId document id, number sign, number of the chunk
 * @param score what the stage gave it, larger is better; comparable within the stage only
 */
public record Candidate(String chunkId, double score) {}
