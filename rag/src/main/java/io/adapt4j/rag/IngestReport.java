package io.adapt4j.rag;

import java.time.Duration;

/**
 * What was added to an index.
 *
 * @param documents documents added, or put in the place of others with their ids
 * @param chunks their chunks
 * @param duration from the first read to the last write
 */
public record IngestReport(int documents, int chunks, Duration duration) {}
