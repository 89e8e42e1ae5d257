package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows as tokens, those that are learned in color. */
class MaskTest {

  private static final Path MODELS = Path.of("../examples/models").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Studio studio;
  private Browser browser;
  private String page;

  @BeforeEach
  void start() throws Exception {
    studio = Studio.builder().workspace(folder.resolve("ws")).models(MODELS).start();
    browser = Browser.of(studio);
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(
        file,
        """
        {"prompt": "Once", "completion": " upon a time"}
        {"prompt": "<b>", "completion": " the end"}
        """);
    page = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(page, text -> text.contains("prompts with answers"));
    page += "/mask";
  }

  @AfterEach
  void close() {
    studio.close();
  }

  @Test
  void theAnswerAndItsEndAreLearnedAndThePromptIsNot() throws Exception {
    String shown = browser.get(page + "?row=1").body();
    assertThat(shown)
        .contains("rows.jsonl line 1", "1 of 2")
        .containsPattern("<span class=\" sign\" title=\"1 [^\"]*\">&lt;s&gt;</span>")
        .containsPattern("<span class=\"learned\" title=\"\\d+ [^\"]*\"> time</span>")
        .containsPattern("<span class=\"learned sign\" title=\"2 [^\"]*\">&lt;/s&gt;</span>");
    assertThat(browser.get(page + "?row=2").body()).contains("2 of 2").doesNotContain("<b>\"");
    assertThat(browser.get(page + "?row=1&lossOn=ALL").body())
        .doesNotContainPattern("<span class=\"\" title");
  }

  @Test
  void aMissingTemplateIsNamedAndOneCanBeChosen() throws Exception {
    assertThat(browser.get(page + "?row=1&asChat=1").body()).contains("has no chat template");
    assertThat(browser.get(page + "?row=1&asChat=1&template=chatml").body())
        .contains("<b>", "&lt;")
        .doesNotContain("has no chat template");
  }

  @Test
  void aRowThatIsLeftOutSaysWhy() throws Exception {
    assertThat(browser.get(page + "?row=1&maxLength=2").body()).contains("left out: ");
  }

  @Test
  void valuesThatCannotBeAreTakenForTheDefaults() throws Exception {
    assertThat(
            browser
                .get(page + "?row=-5&maxLength=999999999&lossOn=x&model=/etc&template=%3Cb%3E")
                .body())
        .contains("1 of 2", "value=\"512\"")
        .doesNotContain("/etc\"");
    assertThat(browser.get(page + "?row=99").body()).contains("2 of 2");
  }
}
