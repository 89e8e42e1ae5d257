package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page of models tells of the families of this build. */
class ModelTableTest {

  private static final Path ROOT = Path.of("..");

  @Test
  void everyModelTypeOfTheBuildHasItsPlace() {
    assertThat(ModelTable.rows().stream().flatMap(row -> row.types().stream()))
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(Architectures.modelTypes());
  }

  @Test
  void thePageIsTheOneThatIsWritten() throws IOException {
    String page = ModelTable.page(ModelTable.referenced(ROOT.resolve("core/fixtures")));
    assertThat(Files.readString(ROOT.resolve("docs/models.md")))
        .as("write it anew with ModelTable docs/models.md")
        .isEqualTo(page);
  }
}
