package io.adapt4j.serve.internal.response;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.generate.FileCipher;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stored conversations under every fault at every call of the disk. */
class StoredEntriesUnderFaultsTest {

  private static final String FIRST = "conv_" + "1".repeat(32);
  private static final String SECOND = "conv_" + "2".repeat(32);

  private static void with(Path folder, boolean encrypted, Consumer<StoredEntries> use) {
    StorageLimits limits =
        new StorageLimits(
            10,
            1 << 20,
            Duration.ofDays(1),
            Optional.of(folder),
            Optional.of(new FileCipher(new byte[FileCipher.KEY])).filter(cipher -> encrypted));
    try (StoredEntries entries = new StoredEntries(limits, Clock.systemUTC(), entry -> true)) {
      use.accept(entries);
    }
  }

  private static ObjectNode object(String text) {
    return JsonNodeFactory.instance.objectNode().put("text", text);
  }

  private static String read(Path folder, boolean encrypted) {
    StringBuilder content = new StringBuilder();
    with(
        folder,
        encrypted,
        entries -> content.append(entries.get(FIRST)).append(entries.get(SECOND)));
    return content.toString();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void replacing(boolean encrypted) throws Exception {
    int faults =
        FaultCheck.of("stored conversation, encrypted: " + encrypted)
            .before(folder -> with(folder, encrypted, entries -> entries.put(FIRST, object("a"))))
            .writing(folder -> with(folder, encrypted, entries -> entries.put(FIRST, object("b"))))
            .reading(folder -> read(folder, encrypted))
            .explainedByCallers()
            .keeping("\\.lock")
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void removing() throws Exception {
    int faults =
        FaultCheck.of("stored conversation, removed")
            .before(
                folder ->
                    with(
                        folder,
                        true,
                        entries -> {
                          entries.put(FIRST, object("a"));
                          entries.put(SECOND, object("b"));
                        }))
            .writing(folder -> with(folder, true, entries -> entries.remove(FIRST)))
            .reading(folder -> read(folder, true))
            .explainedByCallers()
            // What cannot be read is logged, and clients are told that it is not there.
            .optional()
            .keeping("\\.lock")
            .run();
    assertThat(faults).isGreaterThan(10);
  }
}
