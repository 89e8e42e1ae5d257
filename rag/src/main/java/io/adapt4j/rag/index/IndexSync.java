package io.adapt4j.rag.index;

import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.index.ContentHash;
import io.adapt4j.rag.spi.SearchIndex;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Synchronizes an index with a source of documents by content: new ones are added, changed ones
 * replaced, and missing ones deleted. Unchanged ones are neither split nor embedded again. If
 * interrupted, the next run resumes.
 */
public final class IndexSync {

  private static final Logger LOG = LoggerFactory.getLogger(IndexSync.class);

  private final SearchIndex index;
  private final Function<List<Document>, List<SearchIndex.Entry>> prepare;
  private final String prefix;
  private final Set<String> kept;
  private final int batch;

  private IndexSync(Builder builder) {
    this.index = builder.index;
    this.prepare = builder.prepare;
    this.prefix = builder.prefix;
    this.kept = Set.copyOf(builder.kept);
    this.batch = builder.batch;
  }

  /**
   * Starts a builder.
   *
   * @param index the index to synchronize
   * @param prepare splits and embeds documents: one entry each, in order
   * @return a builder
   */
  public static Builder builder(
      SearchIndex index, Function<List<Document>, List<SearchIndex.Entry>> prepare) {
    return new Builder(index, prepare);
  }

  /**
   * Synchronizes the index. A document that cannot be prepared or stored is reported and its
   * earlier version kept, and the rest continues. If the source itself fails, nothing is deleted.
   *
   * @param source all documents whose ids begin with the prefix; iterated once
   * @return the result
   * @throws IllegalStateException if the source has no documents, none are to be kept and the index
   *     has some, for example because a disk is not mounted; nothing is changed then
   */
  public Result run(Iterable<Document> source) {
    return new Run().over(source);
  }

  /**
   * Result of a synchronization.
   *
   * @param added new ids
   * @param updated ids whose documents had changed
   * @param deleted ids that the source no longer has
   * @param unchanged number of unchanged documents
   * @param failed error messages by id
   */
  public record Result(
      List<String> added,
      List<String> updated,
      List<String> deleted,
      int unchanged,
      Map<String, String> failed) {}

  private final class Run {
    private final Map<String, String> hashes = index.contentHashes();
    private final Set<String> seen = new HashSet<>();
    private final List<String> added = new ArrayList<>();
    private final List<String> updated = new ArrayList<>();
    private final Map<String, String> failed = new LinkedHashMap<>();
    private int unchanged;

    Result over(Iterable<Document> source) {
      List<Document> pending = new ArrayList<>();
      for (Document document : source) {
        if (isWanted(document)) {
          pending.add(document);
        }
        if (pending.size() == batch) {
          put(pending);
          pending.clear();
        }
      }
      put(pending);
      return new Result(added, updated, deleteVanished(), unchanged, failed);
    }

    private boolean isWanted(Document document) {
      String id = document.id();
      if (!id.startsWith(prefix)) {
        failed.put(id, "id: expected to begin with '" + prefix + "'");
        return false;
      }
      if (!seen.add(id)) {
        failed.put(id, "id: the source has another document with it, which was taken");
        return false;
      }
      if (ContentHash.of(document).equals(hashes.get(id))) {
        unchanged++;
        return false;
      }
      return true;
    }

    private void put(List<Document> documents) {
      if (documents.isEmpty()) {
        return;
      }
      try {
        store(documents);
      } catch (RuntimeException e) {
        putEach(documents, e);
      }
    }

    /** Stores the documents of a failed batch one by one to find the failing ones. */
    private void putEach(List<Document> documents, RuntimeException cause) {
      if (documents.size() == 1) {
        String id = documents.get(0).id();
        LOG.warn("document {} was not indexed: {}", id, cause.getMessage());
        failed.put(id, String.valueOf(cause.getMessage()));
        return;
      }
      for (Document document : documents) {
        put(List.of(document));
      }
    }

    private void store(List<Document> documents) {
      List<SearchIndex.Entry> entries = prepare.apply(List.copyOf(documents));
      if (entries.size() != documents.size()) {
        throw new IllegalStateException(
            "expected " + documents.size() + " entries, found " + entries.size());
      }
      index.putAll(entries);
      for (Document document : documents) {
        (hashes.containsKey(document.id()) ? updated : added).add(document.id());
      }
    }

    private List<String> deleteVanished() {
      List<String> vanished =
          hashes.keySet().stream()
              .filter(id -> id.startsWith(prefix) && !seen.contains(id) && !kept.contains(id))
              .toList();
      if (seen.isEmpty() && kept.isEmpty() && !vanished.isEmpty()) {
        throw new IllegalStateException(
            "The source has no documents, and all %d of the index would be deleted, such as '%s';"
                    .formatted(vanished.size(), vanished.get(0))
                + " nothing was changed. Check the source, or delete(...) these documents by their"
                + " ids");
      }
      if (!vanished.isEmpty()) {
        index.delete(vanished);
      }
      return vanished;
    }
  }

  /** Options of a synchronization. */
  public static final class Builder {
    private final SearchIndex index;
    private final Function<List<Document>, List<SearchIndex.Entry>> prepare;
    private String prefix = "";
    private Set<String> kept = Set.of();
    private int batch = 32;

    private Builder(SearchIndex index, Function<List<Document>, List<SearchIndex.Entry>> prepare) {
      this.index = Objects.requireNonNull(index, "index");
      this.prepare = Objects.requireNonNull(prepare, "prepare");
    }

    /**
     * Limits the synchronization to a part of the index, so that several sources can share it.
     *
     * @param prefix common prefix of the ids of the source's documents; empty by default
     */
    public Builder prefix(String prefix) {
      this.prefix = Objects.requireNonNull(prefix, "prefix");
      return this;
    }

    /**
     * Keeps documents even if the source lacks them, such as those of temporarily unreadable files.
     *
     * @param ids their ids; none by default
     */
    public Builder keep(Set<String> ids) {
      this.kept = Objects.requireNonNull(ids, "ids");
      return this;
    }

    /**
     * Sets how many documents are prepared and stored at a time.
     *
     * @param documents 32 by default
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder batch(int documents) {
      if (documents < 1) {
        throw new IllegalArgumentException("batch: expected at least 1, found " + documents);
      }
      this.batch = documents;
      return this;
    }

    /**
     * Builds the synchronization.
     *
     * @return the synchronization, which can run any number of times
     */
    public IndexSync build() {
      return new IndexSync(this);
    }
  }
}
