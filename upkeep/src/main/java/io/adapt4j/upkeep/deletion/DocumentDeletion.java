package io.adapt4j.upkeep.deletion;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.embed.CachedEmbeddings;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Deletion of documents from an index, with their passages, the cached vectors of these, and kept
 * answers that were given one of them or quote it.
 *
 * <pre>{@code
 * DocumentDeletionReport report =
 *     DocumentDeletion.of(rag.index(), "contract-17.pdf")
 *         .vectors(Path.of("vectors"))
 *         .replies(Path.of("replies"))
 *         .feedback(log)
 *         .run();
 * }</pre>
 *
 * <p>An answer goes if its prompt or its text had a passage as a whole or eight words in a row of
 * it; a folder of answers also loses those of which it does not know the prompts. End the answering
 * before: what is in progress could be kept afterwards. After a kill, run it again; the report then
 * has the rest. Not thread-safe.
 */
public final class DocumentDeletion {

  private static final List<String> REMAINS =
      List.of(
          "The files that the documents were read from.",
          "Rows that were made of the documents, such as RAFT's, and models trained on them.",
          "Reports of evaluations, traces and logs that quote the documents.",
          "What was made of earlier versions of the documents.",
          "Vectors and answers in caches that were not named, and in memory.",
          "PostgreSQL's files until VACUUM FULL, and its log.",
          "Backups of any of these.");

  private final SearchIndex index;
  private final List<String> ids;
  private final List<Path> vectors = new ArrayList<>();
  private final List<CachedEmbeddings> embeddings = new ArrayList<>();
  private final KeptTexts kept = new KeptTexts();

  private DocumentDeletion(SearchIndex index, List<String> ids) {
    this.index = Objects.requireNonNull(index, "index");
    this.ids = List.copyOf(ids);
  }

  /**
   * Starts a deletion.
   *
   * @param index the index, open for writing
   * @param ids ids of documents
   * @return a deletion that looks into the index alone
   * @throws IllegalArgumentException if there is no id
   */
  public static DocumentDeletion of(SearchIndex index, String... ids) {
    if (ids.length == 0) {
      throw new IllegalArgumentException("ids: expected at least one, found none");
    }
    return new DocumentDeletion(index, List.of(ids));
  }

  /**
   * Adds a folder of {@link CachedEmbeddings} that is not in use.
   *
   * @param folder the folder
   * @return this deletion
   */
  public DocumentDeletion vectors(Path folder) {
    vectors.add(folder);
    return this;
  }

  /**
   * Adds an open cache of vectors.
   *
   * @param cache the cache
   * @return this deletion
   */
  public DocumentDeletion vectors(CachedEmbeddings cache) {
    embeddings.add(cache);
    return this;
  }

  /**
   * Adds a folder of replies that evaluations kept ({@code Evaluator.Builder.replies}).
   *
   * @param folder the folder, not in use
   * @return this deletion
   */
  public DocumentDeletion replies(Path folder) {
    kept.addReplies(folder);
    return this;
  }

  /**
   * Adds a folder of an {@link io.adapt4j.core.text.AnswerCache}.
   *
   * @param folder the folder
   * @return this deletion
   */
  public DocumentDeletion answers(Path folder) {
    kept.addAnswers(folder);
    return this;
  }

  /**
   * Adds a log of answers and feedback.
   *
   * @param log the log
   * @return this deletion
   */
  public DocumentDeletion feedback(FeedbackLog log) {
    kept.addFeedback(log);
    return this;
  }

  /**
   * Deletes the documents: from caches and logs first, since the index knows their passages.
   *
   * @return the report; ids that the index does not have are in it without a hash
   * @throws UncheckedIOException if a file cannot be read or written, or is in use; repeat the call
   */
  public DocumentDeletionReport run() {
    Map<String, String> hashes = index.contentHashes();
    List<DocumentDeletionReport.Document> documents = new ArrayList<>();
    List<Chunk> passages = new ArrayList<>();
    for (String id : ids) {
      List<Chunk> chunks = index.chunks(id, 0, Integer.MAX_VALUE);
      passages.addAll(chunks);
      documents.add(
          new DocumentDeletionReport.Document(
              id, Optional.ofNullable(hashes.get(id)), chunks.size()));
    }
    List<DeletionReport.Removed> removed = new ArrayList<>();
    if (!passages.isEmpty()) {
      removed.addAll(vectorsOf(passages));
      removed.addAll(kept.forget(passages.stream().map(Chunk::text).toList()));
    }
    index.delete(ids);
    // Also where an earlier call was ended between the two.
    if (index instanceof LuceneIndex lucene) {
      lucene.compact();
    }
    return new DocumentDeletionReport(documents, removed, REMAINS, Instant.now());
  }

  private List<DeletionReport.Removed> vectorsOf(List<Chunk> passages) {
    List<String> texts = passages.stream().map(Chunk::searchText).toList();
    List<DeletionReport.Removed> removed = new ArrayList<>();
    for (CachedEmbeddings cache : embeddings) {
      cache.forget(texts).forEach((file, keys) -> removed.add(vectors(file, keys)));
    }
    for (Path folder : vectors) {
      try {
        CachedEmbeddings.forget(folder, texts)
            .forEach((file, keys) -> removed.add(vectors(file, keys)));
      } catch (IOException e) {
        throw new UncheckedIOException(
            "Removing vectors from " + folder + " failed: " + e.getMessage(), e);
      }
    }
    return removed;
  }

  private static DeletionReport.Removed vectors(Path file, List<String> keys) {
    return new DeletionReport.Removed("vectors", file, keys);
  }
}
