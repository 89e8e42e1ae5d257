package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The reference of the site holds what the code declares. */
class ReferencePagesTest {

  @TempDir private Path folder;

  @Test
  void thePagesHoldCommandsKeysOptionsAndMetrics() throws Exception {
    ReferencePages.main(new String[] {folder.toString()});
    assertThat(page("commands"))
        .contains("## adapt4j rag index\n", "| `--max-new-tokens N` | Most tokens to generate;");
    assertThat(page("run-options")).contains("| `seed` | whole number | 42 | ");
    assertThat(page("java-options"))
        .contains("## FineTuner.Builder\n", "| `rankStabilized()` | ", "| `apiKey(value)` | ");
    assertThat(page("metrics"))
        .contains(
            "| `bleu()` | Corpus BLEU", "| `adapt4j_requests_total` | Requests that are over.")
        .contains("`adapt4j_shadow_answers_total`");
  }

  private String page(String name) throws Exception {
    String page = Files.readString(folder.resolve(name + ".md"));
    assertThat(page).doesNotContain("{@", "${", "null");
    return page;
  }
}
