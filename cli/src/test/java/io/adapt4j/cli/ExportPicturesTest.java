package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Export of a model that reads pictures. */
class ExportPicturesTest {

  private static final Path MODEL =
      Path.of("..", "vision", "src", "test", "resources", "models", "idefics3");

  @TempDir private Path folder;

  @Test
  void theImageTowerIsWrittenBesideTheTextModel() throws IOException {
    Path file = folder.resolve("model.gguf");
    Path mmproj = folder.resolve("mmproj-model.gguf");

    CommandsTest.Result written = export(file);
    assertThat(written.code()).as(written.err()).isZero();
    assertThat(written.out()).contains(mmproj + " (--mmproj)");
    assertThat(mmproj).isRegularFile();

    Files.delete(file);
    CommandsTest.Result refused = export(file);
    assertThat(refused.code()).isNotZero();
    assertThat(refused.err()).contains(mmproj.toString()).contains("--overwrite");

    Files.delete(mmproj);
    assertThat(export(file, "--text-only").out()).doesNotContain("mmproj");
    assertThat(mmproj).doesNotExist();
    assertThat(file).isRegularFile();
  }

  private static CommandsTest.Result export(Path file, Object... more) {
    Object[] arguments = new Object[8 + more.length];
    Object[] usual = {"export", MODEL, "--to", file, "--type", "F16", "--pre-tokenizer", "gpt-2"};
    System.arraycopy(usual, 0, arguments, 0, usual.length);
    System.arraycopy(more, 0, arguments, usual.length, more.length);
    return CommandsTest.execute(arguments);
  }
}
