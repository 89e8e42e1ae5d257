package io.adapt4j.verification.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The part of {@link TightMemory} that fits into a build. */
class TightMemoryTest {

  private static final int OPERATIONS = Integer.getInteger("adapt4j.memory.operations", 60);

  @Test
  void everyUseWithLittleMemoryEndsInAResultOrAnException(@TempDir Path folder) throws Exception {
    assumeTrue(
        System.getProperty("os.name").equals("Linux"),
        "limits the addresses of a process on Linux");
    String printed = new TightMemory(folder).live(OPERATIONS, 21, 64);
    System.out.println(printed);
    assertThat(printed).contains(OPERATIONS + " operations in ");
  }
}
