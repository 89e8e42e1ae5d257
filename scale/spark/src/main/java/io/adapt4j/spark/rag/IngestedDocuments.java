package io.adapt4j.spark.rag;

/**
 * Counts of documents stored in an index.
 *
 * @param documents number of documents stored
 * @param chunks number of their chunks
 * @param failed number of documents with an error
 */
public record IngestedDocuments(long documents, long chunks, long failed) {

  IngestedDocuments plus(IngestedDocuments other) {
    return new IngestedDocuments(
        documents + other.documents, chunks + other.chunks, failed + other.failed);
  }
}
