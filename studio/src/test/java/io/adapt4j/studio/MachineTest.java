package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the machine's screen says. */
class MachineTest {

  @TempDir private Path folder;

  @Test
  void machineModelsAndWorkspaceAreShown() throws Exception {
    Path model = Files.createDirectories(folder.resolve("models/<b>mine"));
    Files.writeString(model.resolve("config.json"), "{}");
    Files.createFile(model.resolve("model.safetensors"));
    Path snapshot = Files.createDirectories(folder.resolve("models/tokenizer-alone"));
    Files.writeString(snapshot.resolve("config.json"), "{}");
    try (Studio studio =
        Studio.builder().workspace(folder.resolve("ws")).models(folder.resolve("models")).start()) {
      Browser browser = Browser.of(studio);
      assertThat(browser.get("machine").body())
          .contains("Everything a run needs is here.", "libtorch", "&lt;b&gt;mine", "not usable")
          .contains(folder.resolve("ws").toRealPath().toString())
          .doesNotContain("<b>mine", "tokenizer-alone");
      assertThat(browser.get("machine/now").body())
          .startsWith("<div data-live=\"/machine/now\"")
          .contains("Nothing runs.");
      assertThat(browser.get("machine/other").statusCode()).isEqualTo(404);
    }
  }
}
