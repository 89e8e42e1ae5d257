package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Downloads under every fault at every call: a file of the cache is whole or not there. */
class HubUnderFaultsTest {

  private static String files(TestHub server, Path cache) throws Exception {
    Path snapshot = cache.resolve("models--acme--tiny/snapshots/" + TestHub.COMMIT);
    Set<String> whole = new TreeSet<>();
    for (String name : new String[] {"config.json", "tokenizer.json", "model.safetensors"}) {
      Path file = snapshot.resolve(name);
      if (Files.exists(file)) {
        if (!Arrays.equals(Files.readAllBytes(file), server.content(name))) {
          throw new AssertionError(name + " is damaged");
        }
        whole.add(name);
      }
    }
    return whole.toString();
  }

  @Test
  void aModel() throws Exception {
    try (TestHub server = TestHub.withModel()) {
      int faults =
          FaultCheck.of("hub")
              .writing(cache -> server.hub(cache).parallel(1).build().download(TestHub.REPOSITORY))
              .reading(cache -> files(server, cache))
              .or(content -> true)
              .keeping(".*")
              .notForced()
              .every(13)
              .run();
      assertThat(faults).isGreaterThan(50);
    }
  }
}
