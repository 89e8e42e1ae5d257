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
 * An index in a folder, inside this process, by Apache Lucene: BM25 over words, a graph (HNSW;
 * Malkov and Yashunin 2018) over vectors, and metadata.
 *
 * <p>One object writes; a second one, in this process or another, is refused. Any number of threads
 * may use it. What is added or deleted is found, or no longer found, by every search that begins
 * after the call has returned. After a crash the folder opens as it was at the last commit ({@link
 * Builder#commitEvery}), each document whole.
 *
 * <p>A call of an interrupted thread ends as if there had been no interrupt, and leaves the flag
 * set. After a failure to write, such as on a full disk, the index stays open: the call that failed
 * may be repeated, and what came after the last commit and was lost with it is told.
 *
 * <p>Scores of a search by words are BM25's, by vector cosines from -1 to 1, by both the fusion's.
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
   * Begins to describe an index.
   *
   * @param folder where it is, or will be made
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
   * Makes all changes outlast a crash, however seldom that is done of itself.
   *
   * @throws UncheckedIOException if they cannot be written
   */
  public void commit() {
    change(LuceneWriter::commit);
  }

  /**
   * Joins the parts of the index into one, which makes searches faster and takes long: worth it
   * after much was added and before little more will be.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void compact() {
    change(LuceneWriter::compact);
  }

  /** Commits and closes. Searches still running end as if the index were open. */
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

  /** Runs a change on a thread that nobody interrupts, which would close files for all. */
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

  /** Opens the writer again after a failure of a file has closed it. */
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

  /**
   * Says what went wrong where the writer noticed it, which other calls may only see the end of.
   */
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
          continue; // The writer has been opened again meanwhile.
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
     * Says whose vectors the index holds. Recorded. Without it, the index holds words only.
     *
     * @param identity {@code TextEmbeddings.identity()}
     * @param dimension their length, from 1 to 8192
     * @return this
     * @throws IllegalArgumentException if the identity is blank or the dimension out of range
     */
    public Builder embeddings(String identity, int dimension) {
      this.embeddings = Entries.identity(Texts.require("identity", identity));
      this.dimension = Entries.within("dimension", dimension, 1, 8192);
      return this;
    }

    /**
     * Chooses the language of the texts. Recorded.
     *
     * @param language English by default
     * @return this
     */
    public Builder language(Language language) {
      Texts.require("language", language);
      return analyzer(language.name(), LuceneWords.analyzer(language));
    }

    /**
     * Cuts texts into words in another way. Its name is recorded.
     *
     * @param name names the way of cutting, for as long as it stays the same
     * @param analyzer cuts; usable by several threads, as Lucene's are
     * @return this
     */
    public Builder analyzer(String name, Analyzer analyzer) {
      this.analyzerName = Objects.requireNonNull(name, "name");
      this.analyzer = Objects.requireNonNull(analyzer, "analyzer");
      return this;
    }

    /**
     * Shortens the vectors that are searched: 7 bits an entry take a quarter of the memory, 4 an
     * eighth, less exactly and of even dimensions only. Holds for what is written from now on.
     *
     * @param bits 7 or 4
     * @return this
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
     * Sets the shape of the graph over vectors: more of either makes it find more, and larger or
     * slower to build.
     *
     * @param links M, the neighbors a vector keeps: 16 by default, from 2 to 512
     * @param buildBeam efConstruction, the candidates considered for them: 100 by default, from 1
     *     to 3200
     * @return this
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder graph(int links, int buildBeam) {
      this.links = Entries.within("links", links, 2, 512);
      this.buildBeam = Entries.within("buildBeam", buildBeam, 1, 3200);
      return this;
    }

    /**
     * Sets how many candidates a search gathers at least: more find more and take longer.
     *
     * @param candidates 100 by default; never fewer than four times the query's limit
     * @return this
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder searchBeam(int candidates) {
      this.searchBeam = Entries.within("searchBeam", candidates, 1, 1_000_000);
      return this;
    }

    /**
     * Sets the parameters of BM25 (Robertson and Zaragoza 2009).
     *
     * @param k1 how much a word's repetition counts: 0.9 by default
     * @param b how much a chunk's length counts, from 0 to 1: 0.4 by default
     * @return this
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder bm25(double k1, double b) {
      Entries.checkBm25(k1, b);
      this.k1 = (float) k1;
      this.b = (float) b;
      return this;
    }

    /**
     * Makes changes outlast a crash this long after they were made, not before calls return.
     *
     * @param interval longer than 0
     * @return this
     * @throws IllegalArgumentException if it is not
     */
    public Builder commitEvery(Duration interval) {
      return commit(new CommitPolicy.Every(Texts.require("interval", interval)));
    }

    /**
     * Makes changes outlast a crash when the index is closed, not before calls return.
     *
     * @return this
     */
    public Builder commitOnClose() {
      return commit(new CommitPolicy.OnClose());
    }

    Builder commit(CommitPolicy policy) {
      this.commit = policy;
      return this;
    }

    /**
     * Sets how much is gathered in memory before it is written: more makes large loads faster.
     *
     * @param megabytes 64 by default, from 1 to 2000
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder buffer(int megabytes) {
      this.bufferMegabytes = Entries.within("buffer", megabytes, 1, 2000);
      return this;
    }

    /**
     * Opens without comparing checksums; a flipped bit may then change results without an error.
     *
     * @return this
     */
    public Builder withoutChecksums() {
      return verification(Verification.NONE);
    }

    /**
     * Checks that the parts of the index agree, which takes about thirty times longer.
     *
     * @return this
     */
    public Builder verifyStructure() {
      return verification(Verification.STRUCTURE);
    }

    Builder verification(Verification value) {
      this.verification = value;
      return this;
    }

    /**
     * Opens the index, making it if it is not there.
     *
     * @return the index; close it
     * @throws IllegalStateException if it is of other embeddings, language or version, is open
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
     * Opens the index for reading, beside the one process that writes. Searches find what that one
     * has committed.
     *
     * @return the index; close it
     * @throws IllegalStateException if there is none, or it is of other embeddings, language or
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
