package io.adapt4j.spark.rag;

/**
 * What was stored in an index.
 *
 * @param documents how many documents were stored
 * @param chunks how many chunks they have
 * @param failed how many documents had an error instead
 */
public record IngestedDocuments(long documents, long chunks, long failed) {

  IngestedDocuments plus(IngestedDocuments other) {
    return new IngestedDocuments(
        documents + other.documents, chunks + other.chunks, failed + other.failed);
  }
}
