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
 * Brings an index up to date with a source of documents, by what they contain: new ones are added,
 * changed ones replaced, and those that the source no longer has deleted. Unchanged ones are
 * neither split nor embedded again. Interrupted anywhere, it resumes where it was when it is run
 * again.
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
   * Begins to describe a synchronization.
   *
   * @param index what to bring up to date
   * @param prepare splits and embeds some documents: one entry each, in their order
   * @return a builder
   */
  public static Builder builder(
      SearchIndex index, Function<List<Document>, List<SearchIndex.Entry>> prepare) {
    return new Builder(index, prepare);
  }

  /**
   * Brings the index up to date. A document that cannot be prepared or stored is reported, its
   * earlier version stays, and the rest continues. If the source itself fails, nothing is deleted.
   *
   * @param source all documents whose ids begin with the prefix; each is asked for once
   * @return what was done
   * @throws IllegalStateException if the source has no documents, none are to be kept and the index
   *     has some, as where a disk is not mounted; nothing is changed then
   */
  public Result run(Iterable<Document> source) {
    return new Run().over(source);
  }

  /**
   * What a synchronization did.
   *
   * @param added ids that the index did not have
   * @param updated ids whose documents had changed
   * @param deleted ids that the source no longer has
   * @param unchanged how many documents were left as they were
   * @param failed by id, what was wrong
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

    /** Finds out which one of a batch fails. */
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
     * Limits the synchronization to a part of the index, so that several sources may share it.
     *
     * @param prefix what the ids of the source's documents begin with; nothing by default
     * @return this
     */
    public Builder prefix(String prefix) {
      this.prefix = Objects.requireNonNull(prefix, "prefix");
      return this;
    }

    /**
     * Keeps documents although the source does not have them, such as those of files that could not
     * be read this time.
     *
     * @param ids theirs; none by default
     * @return this
     */
    public Builder keep(Set<String> ids) {
      this.kept = Objects.requireNonNull(ids, "ids");
      return this;
    }

    /**
     * Sets how many documents are prepared and stored at a time.
     *
     * @param documents 32 by default
     * @return this
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
     * Makes the synchronization.
     *
     * @return it, to be run any number of times
     */
    public IndexSync build() {
      return new IndexSync(this);
    }
  }
}
