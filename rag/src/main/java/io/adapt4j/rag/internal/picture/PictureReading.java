package io.adapt4j.rag.internal.picture;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.DocumentSource;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.PageText;
import io.adapt4j.rag.document.ReadingReport;
import io.adapt4j.rag.document.ScanOptions;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.vision.ImageEmbedder;
import io.adapt4j.vision.Picture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Files as documents whose text has, for every page, the digest of its picture: a chunk each. A
 * page is embedded when it is read, and its vector is kept until the chunk is stored.
 */
public final class PictureReading implements DocumentSource, TextEmbeddings {

  private static final ScanOptions ALL = ScanOptions.standard().withAlways();

  private final Documents files;
  private final SearchIndex index;
  private final ImageEmbedder model;

  /** Chunks of the index by digest. */
  private final Map<String, Chunk> known = new HashMap<>();

  /** Vectors of the file that is being read, by digest. */
  private final Map<String, float[]> read = new ConcurrentHashMap<>();

  /** Vectors of chunks that are not stored yet. */
  private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();

  /** A vector, and the number of chunks that it is for. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Waiting(float[] vector, int chunks) {

    /** Returns one of a different number; null for none. */
    @Nullable Waiting plus(int more) {
      return chunks + more == 0 ? null : new Waiting(vector, chunks + more);
    }
  }

  /** Creates the reading of files for an index. */
  public PictureReading(Documents files, SearchIndex index, ImageEmbedder model) {
    this.files = files;
    this.index = index;
    this.model = model;
  }

  @Override
  public DocumentReading open() {
    for (String id : index.contentHashes().keySet()) {
      index.chunks(id, 0, Integer.MAX_VALUE).forEach(chunk -> known.put(chunk.text(), chunk));
    }
    return new Reading(files.readScans(this::page, ALL).open());
  }

  private PageText page(byte[] png) {
    String digest = HexFormat.of().formatHex(FileDigest.sha256().digest(png));
    read.computeIfAbsent(digest, missing -> vector(missing, png));
    return new PageText(digest, List.of(), false);
  }

  private float[] vector(String digest, byte[] png) {
    Chunk same = known.get(digest);
    float[] stored = same == null ? null : index.vectors(List.of(same)).get(same.id());
    return stored == null ? model.embed(Picture.of(png)) : stored;
  }

  /** Returns a chunk for each page that has a picture, numbered by the pages from 0. */
  public List<Chunk> pages(Document document) {
    List<Chunk> chunks = new ArrayList<>();
    int start = 0;
    String[] pages = document.text().split("\f", -1);
    for (int i = 0; i < pages.length; i++) {
      String digest = pages[i].strip();
      float[] vector = read.get(digest);
      if (vector != null) {
        int from = start + pages[i].indexOf(digest);
        Span span = new Span(from, from + digest.length());
        chunks.add(new Chunk(document.id(), i, span, span, "", digest));
        waiting.merge(digest, new Waiting(vector, 1), (before, one) -> before.plus(1));
      }
      start += pages[i].length() + 1;
    }
    return chunks;
  }

  private boolean hasPictures(Document document) {
    return Stream.of(document.text().split("\f")).map(String::strip).anyMatch(read::containsKey);
  }

  @Override
  public String identity() {
    return "pictures";
  }

  @Override
  public int dimension() {
    return model.dimension();
  }

  @Override
  public List<float[]> passages(List<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (String digest : texts) {
      vectors.add(Objects.requireNonNull(waiting.get(digest), digest).vector());
      waiting.computeIfPresent(digest, (same, before) -> before.plus(-1));
    }
    return vectors;
  }

  @Override
  public float[] query(String text) {
    return model.embedText(text);
  }

  /** Reading of the files that have pictures. */
  private final class Reading implements DocumentReading {

    private final DocumentReading all;
    private @Nullable Document next;

    Reading(DocumentReading all) {
      this.all = all;
    }

    @Override
    public boolean hasNext() {
      while (next == null) {
        read.clear();
        if (!all.hasNext()) {
          return false;
        }
        Document document = all.next();
        next = hasPictures(document) ? document : null;
      }
      return true;
    }

    @Override
    public Document next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Document document = Objects.requireNonNull(next);
      next = null;
      return document;
    }

    @Override
    public ReadingReport report() {
      return all.report();
    }

    @Override
    public void close() {
      all.close();
    }
  }
}
