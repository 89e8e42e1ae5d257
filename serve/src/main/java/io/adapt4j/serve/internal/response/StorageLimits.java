package io.adapt4j.serve.internal.response;

import io.adapt4j.core.internal.generate.FileCipher;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Limits of stored responses and conversations, and their folder with its encryption. */
public record StorageLimits(
    int entries, long bytes, Duration age, Optional<Path> folder, Optional<FileCipher> cipher) {

  public StorageLimits in(Path folder) {
    return new StorageLimits(entries, bytes, age, Optional.of(folder), cipher);
  }

  public StorageLimits encrypted(FileCipher cipher) {
    return new StorageLimits(entries, bytes, age, folder, Optional.of(cipher));
  }
}
