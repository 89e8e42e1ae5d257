package io.adapt4j.rag.index;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.OwnThreads;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.jspecify.annotations.Nullable;

/**
 * An embedded index in a folder, based on Apache Lucene: BM25 for words, an HNSW graph (Malkov and
 * Yashunin 2018) for vectors, and metadata.
 *
 * <p>Only one instance may write; a second one, in this process or another, is rejected.
 * Thread-safe. Additions and deletions are visible to every search that starts after the call has
 * returned. After a crash, the folder opens in the state of the last commit ({@link
 * Builder#commitEvery}), with each document complete.
 *
 * <p>Calls ignore interrupts and leave the interrupt flag set. After a write failure, such as a
 * full disk, the index stays open: the failed call can be repeated, and changes lost since the last
 * commit are reported.
 *
 * <p>Scores are BM25 for words, cosines from -1 to 1 for vectors, and those of the fusion for both.
 */
public final class LuceneIndex implements SearchIndex {

  private static final String REPEATABLE = "; then repeat the call, as the index stays open";

  private static final String LOST =
      ". What the last %d calls changed had not been committed and is lost: add it again";

  private final LuceneFolder folder;
  private final LuceneOptions options;
  private final Directory directory;
  private volatile LuceneState state;
  private volatile boolean closed;

  LuceneIndex(LuceneOptions options, Directory directory, LuceneState state) {
    this.folder = new LuceneFolder(options.folder());
    this.options = options;
    this.directory = directory;
    this.state = state;
  }

  /**
   * Creates a builder.
   *
   * @param folder the index folder, created on opening if absent
   * @return a builder
   */
  public static Builder builder(Path folder) {
    return new Builder(folder);
  }

  @Override
  public void putAll(List<Entry> entries) {
    for (Entry entry : entries) {
      Entries.check(entry, options.dimension());
      LuceneFields.check(entry.document());
    }
    change(writer -> writer.put(entries));
  }

  @Override
  public void delete(List<String> ids) {
    change(writer -> writer.delete(ids));
  }

  @Override
  public List<Hit> search(SearchQuery query) {
    Entries.check(query);
    if (query.vector().isPresent() && options.dimension() == 0) {
      throw new IllegalArgumentException(
          folder.name() + ": was opened for words only, so it is not searched by vector");
    }
    return read(searcher -> new LuceneSearch(options, searcher, query).hits());
  }

  @Override
  public Optional<Document> document(String id) {
    return read(searcher -> LuceneReads.document(searcher, id));
  }

  @Override
  public List<Chunk> chunks(String id, int first, int last) {
    return read(searcher -> LuceneReads.chunks(searcher, id, first, last));
  }

  @Override
  public Map<String, float[]> vectors(List<Chunk> chunks) {
    return options.dimension() == 0
        ? Map.of()
        : read(searcher -> LuceneReads.vectors(searcher, chunks));
  }

  @Override
  public Map<String, String> contentHashes() {
    return read(LuceneReads::contentHashes);
  }

  @Override
  public long documentCount() {
    return read(searcher -> LuceneReads.count(searcher, LuceneFields.OF_DOCUMENT));
  }

  @Override
  public long chunkCount() {
    return read(searcher -> LuceneReads.count(searcher, LuceneFields.OF_CHUNK));
  }

  /**
   * Commits all changes durably, regardless of the commit policy.
   *
   * @throws UncheckedIOException if they cannot be written
   */
  public void commit() {
    change(LuceneWriter::commit);
  }

  /**
   * Merges the index's segments into one, which takes long but makes searches faster: useful after
   * bulk loading.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void compact() {
    change(LuceneWriter::compact);
  }

  /** Commits and closes. Running searches complete normally. */
  @Override
  public void close() {
    try {
      OwnThreads.call(
          () -> {
            closeAll();
            return null;
          });
    } catch (IOException | AlreadyClosedException e) {
      throw failed(e, state.writer(), "");
    }
  }

  private synchronized void closeAll() throws IOException {
    closed = true;
    try (Directory last = directory;
        LuceneWriter first = state.writer()) {
      state.searchers().close();
      if (first != null) {
        requireNothingLost(first);
      }
    }
  }

  /** Runs a change on a thread without interrupts, which would close files for all. */
  private void change(Step step) {
    @Nullable LuceneWriter[] used = {null};
    try {
      OwnThreads.call(
          () -> {
            LuceneState now = usable();
            used[0] = now.writer();
            step.with(Objects.requireNonNull(now.writer()));
            now.searchers().maybeRefreshBlocking();
            return null;
          });
    } catch (IOException e) {
      throw failed(e, used[0], REPEATABLE);
    } catch (AlreadyClosedException e) {
      throw closed ? wasClosed(e) : failed(e, used[0], REPEATABLE);
    }
  }

  /** Reopens the writer after a file failure has closed it. */
  private synchronized LuceneState usable() throws IOException {
    if (closed) {
      throw wasClosed(null);
    }
    LuceneState before = state;
    if (before.writer() == null) {
      throw new UnsupportedOperationException(
          folder.name() + ": was opened for reading; use open() to change it");
    }
    if (before.writer().isOpen()) {
      return before;
    }
    before.writer().close();
    LuceneState after = LuceneOpening.writing(options, directory, true);
    state = after;
    before.searchers().close();
    requireNothingLost(before.writer());
    return after;
  }

  private static void requireNothingLost(LuceneWriter writer) throws IOException {
    if (!writer.isOpen() && writer.lostChanges() > 0) {
      throw new IOException("an earlier change, or its commit in the background, failed");
    }
  }

  /** Returns the failure that the writer noticed; other calls may see only its effects. */
  private RuntimeException failed(
      Exception failure, @Nullable LuceneWriter writer, String consequence) {
    Throwable first = writer == null ? null : writer.failure();
    Exception cause = first instanceof Exception exception ? exception : failure;
    if (first instanceof Error error) {
      cause = new IOException("the program ran out of memory or failed otherwise: " + error, error);
    }
    int lost = writer == null || writer.isOpen() ? 0 : writer.takeLostChanges();
    return folder.explained(cause, (lost == 0 ? "" : LOST.formatted(lost)) + consequence);
  }

  private IllegalStateException wasClosed(@Nullable Exception cause) {
    return new IllegalStateException(folder.name() + ": has been closed", cause);
  }

  private <T> T read(Reading<T> reading) {
    try {
      refreshIfOnlyRead();
      while (true) {
        LuceneState now = state;
        IndexSearcher searcher;
        try {
          searcher = now.searchers().acquire();
        } catch (AlreadyClosedException e) {
          if (closed || now.searchers() == state.searchers()) {
            throw wasClosed(e);
          }
          continue; // The writer was reopened meanwhile.
        }
        try {
          return reading.of(searcher);
        } finally {
          now.searchers().release(searcher);
        }
      }
    } catch (IOException e) {
      throw folder.explained(e, "");
    }
  }

  private void refreshIfOnlyRead() throws IOException {
    if (state.writer() == null && !closed) {
      OwnThreads.call(state.searchers()::maybeRefresh);
    }
  }

  private interface Step {
    void with(LuceneWriter writer) throws IOException;
  }

  private interface Reading<T> {
    T of(IndexSearcher searcher) throws IOException;
  }

  /** Options of an index. Those marked as recorded must be the same whenever it is opened. */
  public static final class Builder {
    private final Path folder;
    private String embeddings = "";
    private int dimension;
    private String analyzerName = "ENGLISH";
    private Analyzer analyzer = LuceneWords.analyzer(Language.ENGLISH);
    private Quantization quantization = Quantization.NONE;
    private int links = 16;
    private int buildBeam = 100;
    private int searchBeam = 100;
    private float k1 = 0.9f;
    private float b = 0.4f;
    private CommitPolicy commit = new CommitPolicy.EachBatch();
    private double bufferMegabytes = 64;
    private Verification verification = Verification.CHECKSUMS;

    private Builder(Path folder) {
      this.folder = Objects.requireNonNull(folder, "folder");
    }

    /**
     * Sets the embeddings of the index. Recorded. Without them, the index holds words only.
     *
     * @param identity {@code TextEmbeddings.identity()}
     * @param dimension dimension of the vectors, from 1 to 8192
     * @throws IllegalArgumentException if the identity is blank or the dimension out of range
     */
    public Builder embeddings(String identity, int dimension) {
      this.embeddings = Entries.identity(Texts.require("identity", identity));
      this.dimension = Entries.within("dimension", dimension, 1, 8192);
      return this;
    }

    /**
     * Sets the language of the texts. Recorded.
     *
     * @param language English by default
     */
    public Builder language(Language language) {
      Texts.require("language", language);
      return analyzer(language.name(), LuceneWords.analyzer(language));
    }

    /**
     * Sets a custom analyzer. Its name is recorded.
     *
     * @param name name of the analyzer; change it if the analysis changes
     * @param analyzer the analyzer; thread-safe, like Lucene's
     */
    public Builder analyzer(String name, Analyzer analyzer) {
      this.analyzerName = Objects.requireNonNull(name, "name");
      this.analyzer = Objects.requireNonNull(analyzer, "analyzer");
      return this;
    }

    /**
     * Quantizes the searched vectors: 7 bits per component take a quarter of the memory; 4 bits an
     * eighth, with less accuracy and for even dimensions only. Applies to subsequent writes.
     *
     * @param bits 7 or 4
     * @throws IllegalArgumentException if it is another number
     */
    public Builder quantized(int bits) {
      if (bits != 7 && bits != 4) {
        throw new IllegalArgumentException("bits: expected 7 or 4, found " + bits);
      }
      this.quantization = bits == 7 ? Quantization.INT7 : Quantization.INT4;
      return this;
    }

    /**
     * Sets the HNSW parameters: larger values increase recall, index size and build time.
     *
     * @param links M, the neighbors a vector keeps: 16 by default, from 2 to 512
     * @param buildBeam efConstruction, the candidates considered for them: 100 by default, from 1
     *     to 3200
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder graph(int links, int buildBeam) {
      this.links = Entries.within("links", links, 2, 512);
      this.buildBeam = Entries.within("buildBeam", buildBeam, 1, 3200);
      return this;
    }

    /**
     * Sets the minimum number of candidates of a search: more raise recall and take longer.
     *
     * @param candidates 100 by default; never fewer than four times the query's limit
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder searchBeam(int candidates) {
      this.searchBeam = Entries.within("searchBeam", candidates, 1, 1_000_000);
      return this;
    }

    /**
     * Sets the parameters of BM25 (Robertson and Zaragoza 2009).
     *
     * @param k1 term frequency saturation: 0.9 by default
     * @param b length normalization, from 0 to 1: 0.4 by default
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder bm25(double k1, double b) {
      Entries.checkBm25(k1, b);
      this.k1 = (float) k1;
      this.b = (float) b;
      return this;
    }

    /**
     * Commits changes within this interval instead of before calls return.
     *
     * @param interval longer than 0
     * @throws IllegalArgumentException if it is not
     */
    public Builder commitEvery(Duration interval) {
      return commit(new CommitPolicy.Every(Texts.require("interval", interval)));
    }

    /** Commits changes on closing instead of before calls return. */
    public Builder commitOnClose() {
      return commit(new CommitPolicy.OnClose());
    }

    Builder commit(CommitPolicy policy) {
      this.commit = policy;
      return this;
    }

    /**
     * Sets the size of the write buffer: larger ones speed up bulk loading.
     *
     * @param megabytes 64 by default, from 1 to 2000
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder buffer(int megabytes) {
      this.bufferMegabytes = Entries.within("buffer", megabytes, 1, 2000);
      return this;
    }

    /** Opens without verifying checksums; a bit flip may then silently change results. */
    public Builder withoutChecksums() {
      return verification(Verification.NONE);
    }

    /** Also verifies the index's internal consistency, which takes about thirty times longer. */
    public Builder verifyStructure() {
      return verification(Verification.STRUCTURE);
    }

    Builder verification(Verification value) {
      this.verification = value;
      return this;
    }

    /**
     * Opens the index, creating it if absent.
     *
     * @return the index, closed by the caller
     * @throws IllegalStateException if it has other embeddings, language or version, is open
     *     elsewhere, its file {@code segments_N} is missing, or the folder holds other files;
     *     nothing in the folder is changed then
     * @throws UncheckedIOException if it is damaged or cannot be read
     */
    public LuceneIndex open() {
      return open(UnaryOperator.identity());
    }

    LuceneIndex open(UnaryOperator<Directory> wrapper) {
      return LuceneOpening.forWriting(options(), wrapper);
    }

    /**
     * Opens the index read-only, while another process may write. Searches see what that one has
     * committed.
     *
     * @return the index, closed by the caller
     * @throws IllegalStateException if there is none, or it has other embeddings, language or
     *     version
     * @throws UncheckedIOException if it is damaged or cannot be read
     */
    public LuceneIndex openForReading() {
      return LuceneOpening.forReading(options(), UnaryOperator.identity());
    }

    private LuceneOptions options() {
      return new LuceneOptions(
          folder,
          embeddings,
          dimension,
          analyzerName,
          analyzer,
          quantization,
          links,
          buildBeam,
          searchBeam,
          k1,
          b,
          commit,
          bufferMegabytes,
          verification);
    }
  }
}
