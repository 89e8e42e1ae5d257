package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Disk cache of compiled kernels. A file begins with the SHA-256 of its content, so that a damaged
 * one is detected and rebuilt. I/O failures cost time but never fail the run.
 */
record KernelCache(Path folder) {

  /**
   * System property for the folder; defaults to {@code adapt4j/cuda} in the user's cache folder.
   */
  static final String PROPERTY = "adapt4j.cuda.cache";

  private static final Logger LOG = LoggerFactory.getLogger(KernelCache.class);

  private static final int DIGEST = 32;

  static KernelCache ofUser() {
    String named = System.getProperty(PROPERTY);
    if (named != null) {
      return new KernelCache(Path.of(named));
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path caches =
        xdg == null || xdg.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(xdg);
    return new KernelCache(caches.resolve("adapt4j").resolve("cuda"));
  }

  /** Returns a key unique to this combination of inputs. */
  static String key(String... parts) {
    MessageDigest digest = FileDigest.sha256();
    for (String part : parts) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns the intact entry of a key. */
  Optional<byte[]> read(String key) {
    Path file = folder.resolve(key);
    try {
      byte[] all = Files.readAllBytes(file);
      if (all.length > DIGEST) {
        byte[] content = Arrays.copyOfRange(all, DIGEST, all.length);
        if (MessageDigest.isEqual(digest(content), Arrays.copyOf(all, DIGEST))) {
          return Optional.of(content);
        }
      }
      LOG.warn("{} is damaged; the kernels are compiled again", file);
    } catch (NoSuchFileException e) {
      LOG.debug("{} is not there yet", file);
    } catch (IOException e) {
      LOG.warn("{} cannot be read ({}); the kernels are compiled again", file, e.toString());
    }
    return Optional.empty();
  }

  void write(String key, byte[] content) {
    Path file = folder.resolve(key);
    try {
      byte[] all = Arrays.copyOf(digest(content), DIGEST + content.length);
      System.arraycopy(content, 0, all, DIGEST, content.length);
      AtomicFiles.write(file, all);
    } catch (IOException e) {
      LOG.warn("{} cannot be written ({}); the next start compiles again", file, e.toString());
    }
  }

  private static byte[] digest(byte[] content) {
    MessageDigest digest = FileDigest.sha256();
    digest.update(content);
    return digest.digest();
  }
}
