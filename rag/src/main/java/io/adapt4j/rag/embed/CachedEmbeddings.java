package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Disk cache for the vectors of other embeddings, keyed by the SHA-256 of text and identity, so
 * that no text is embedded twice.
 *
 * <p>The folder may hold vectors of several models; only one process at a time may use those of a
 * model. Records left incomplete by a crash are dropped on reopening. Beyond the size limit, the
 * least recently used vectors are evicted, half at a time. Memory use is about 100 bytes per
 * vector.
 *
 * <p>Thread-safe if the other embeddings are.
 */
public final class CachedEmbeddings implements TextEmbeddings {

  /** Default size limit on disk in bytes: 2 GB, or 1.3 million vectors of dimension 384. */
  public static final long DEFAULT_MAX_BYTES = 2_000_000_000L;

  private static final int NAME_DIGITS = 16;
  private static final String PASSAGE = "passage";
  private static final String QUERY = "query";

  private final TextEmbeddings embeddings;
  private final VectorCache cache;

  private CachedEmbeddings(TextEmbeddings embeddings, VectorCache cache) {
    this.embeddings = embeddings;
    this.cache = cache;
  }

  /**
   * Caches vectors in a folder, up to {@link #DEFAULT_MAX_BYTES}.
   *
   * @param embeddings the embeddings to cache, closed with the result
   * @param folder the cache folder; created if absent
   * @return the embeddings
   * @throws IOException if the folder is unusable or in use by another process
   */
  public static CachedEmbeddings in(TextEmbeddings embeddings, Path folder) throws IOException {
    return in(embeddings, folder, DEFAULT_MAX_BYTES);
  }

  /**
   * Caches vectors in a folder.
   *
   * @param maxBytes size limit of this model's vectors on disk, in bytes
   * @return the embeddings
   * @throws IOException if the folder is unusable or in use by another process
   * @throws IllegalArgumentException if there is no room for two vectors
   */
  public static CachedEmbeddings in(TextEmbeddings embeddings, Path folder, long maxBytes)
      throws IOException {
    byte[] identity = digest("", embeddings.identity());
    String name = VectorKey.of(identity).toString().substring(0, NAME_DIGITS);
    return new CachedEmbeddings(
        embeddings, VectorCache.open(folder, name, embeddings.dimension(), maxBytes));
  }

  @Override
  public String identity() {
    return embeddings.identity();
  }

  @Override
  public int dimension() {
    return embeddings.dimension();
  }

  @Override
  public OptionalInt maxTokens() {
    return embeddings.maxTokens();
  }

  @Override
  public int countTokens(String text) {
    return embeddings.countTokens(text);
  }

  /** Embeds texts that are not cached, each once. */
  @Override
  public List<float[]> passages(List<String> texts) {
    return kept(PASSAGE, texts, embeddings::passages);
  }

  /** Embeds questions that are not cached, each once. */
  @Override
  public List<float[]> queries(List<String> texts) {
    return kept(QUERY, texts, embeddings::queries);
  }

  private List<float[]> kept(
      String kind, List<String> texts, Function<List<String>, List<float[]>> embed) {
    Texts.requireAll("texts", texts);
    float[][] vectors = new float[texts.size()][];
    Map<String, VectorKey> missing = new LinkedHashMap<>();
    for (int i = 0; i < vectors.length; i++) {
      VectorKey key = key(kind, texts.get(i));
      Optional<float[]> kept = cache.find(key);
      if (kept.isPresent()) {
        vectors[i] = kept.get();
      } else {
        missing.put(texts.get(i), key);
      }
    }
    if (!missing.isEmpty()) {
      fill(texts, vectors, missing, embed);
    }
    return Arrays.asList(vectors);
  }

  private void fill(
      List<String> texts,
      float[][] vectors,
      Map<String, VectorKey> missing,
      Function<List<String>, List<float[]>> embed) {
    List<String> fresh = List.copyOf(missing.keySet());
    List<float[]> made = embed.apply(fresh);
    cache.store(List.copyOf(missing.values()), made);
    Map<String, float[]> byText = new LinkedHashMap<>();
    for (int i = 0; i < fresh.size(); i++) {
      byText.put(fresh.get(i), made.get(i));
    }
    for (int i = 0; i < vectors.length; i++) {
      if (vectors[i] == null) {
        vectors[i] = Objects.requireNonNull(byText.get(texts.get(i))).clone();
      }
    }
  }

  @Override
  public float[] query(String text) {
    Texts.require("text", text);
    return kept(QUERY, List.of(text), texts -> List.of(embeddings.query(text))).get(0);
  }

  /**
   * Removes the vectors of texts from the files.
   *
   * @param texts the texts, such as the passages of a deleted document
   * @return the SHA-256 hashes by which the removed vectors were found, by file
   * @throws io.adapt4j.core.text.GeneratorException if a file cannot be written
   */
  public Map<Path, List<String>> forget(List<String> texts) {
    return names(cache.remove(keys(texts)));
  }

  /**
   * Removes the vectors of texts, of all models, from a cache folder that is not in use.
   *
   * @param folder the folder
   * @param texts the texts
   * @return the SHA-256 hashes by which the removed vectors were found, by file
   * @throws IOException if the folder is unusable or in use
   */
  public static Map<Path, List<String>> forget(Path folder, List<String> texts) throws IOException {
    return names(VectorCache.remove(folder, keys(texts)));
  }

  private static Set<VectorKey> keys(List<String> texts) {
    Texts.requireAll("texts", texts);
    return texts.stream()
        .flatMap(text -> Stream.of(key(PASSAGE, text), key(QUERY, text)))
        .collect(Collectors.toSet());
  }

  private static Map<Path, List<String>> names(Map<Path, Set<VectorKey>> removed) {
    Map<Path, List<String>> names = new LinkedHashMap<>();
    removed.forEach(
        (file, keys) -> names.put(file, keys.stream().map(VectorKey::toString).sorted().toList()));
    return names;
  }

  /** {@return the number of cached vectors} */
  public int size() {
    return cache.size();
  }

  /** Closes the files and the other embeddings. */
  @Override
  public void close() {
    try {
      cache.close();
    } finally {
      embeddings.close();
    }
  }

  private static VectorKey key(String kind, String text) {
    return VectorKey.of(digest(kind, text));
  }

  private static byte[] digest(String kind, String text) {
    byte[] bytes = (kind + "\n" + text).getBytes(StandardCharsets.UTF_8);
    return FileDigest.sha256().digest(bytes);
  }
}
