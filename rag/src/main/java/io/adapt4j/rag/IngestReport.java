package io.adapt4j.rag;

import io.adapt4j.rag.document.ReadingReport;
import java.time.Duration;

/**
 * What was added to an index.
 *
 * @param documents documents added, or put instead of others with their ids
 * @param chunks their chunks
 * @param duration from the first read to the last write
 * @param reading what became of the files, those that gave no document included
 */
public record IngestReport(int documents, int chunks, Duration duration, ReadingReport reading) {}
