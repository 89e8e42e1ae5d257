package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a deletion erases, under every fault at every call of the disk. */
class ErasingUnderFaultsTest {

  @Test
  void rows() throws Exception {
    int faults =
        FaultCheck.of("erased rows")
            .before(
                folder ->
                    Files.writeString(
                        folder.resolve("rows.jsonl"), "{\"a\":\"b\"}\n{\"a\":\"c\"}\n"))
            .writing(folder -> Tombstones.erase(folder.resolve("rows.jsonl"), Set.of(2L)))
            .reading(folder -> Files.readString(folder.resolve("rows.jsonl")))
            .run();
    assertThat(faults).isGreaterThan(40);
  }

  private static String left(Path folder) throws Exception {
    try (Stream<Path> all = Files.list(folder.resolve("run"))) {
      return all.map(path -> path.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList()
          .toString();
    }
  }

  @Test
  void checkpoints() throws Exception {
    int faults =
        FaultCheck.of("erased checkpoint")
            .before(
                folder -> {
                  for (String name : List.of("checkpoint-1", "checkpoint-2")) {
                    Files.createDirectories(folder.resolve("run").resolve(name));
                    Files.writeString(folder.resolve("run").resolve(name).resolve("a"), "weights");
                  }
                })
            .writing(
                folder -> new RunFiles(folder.resolve("run")).since(2).forEach(RunFiles::delete))
            .reading(ErasingUnderFaultsTest::left)
            .keeping(".*")
            .run();
    assertThat(faults).isGreaterThan(10);
  }
}
