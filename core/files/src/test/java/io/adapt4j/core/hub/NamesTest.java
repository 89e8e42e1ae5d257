package io.adapt4j.core.hub;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

  private static final RepositoryId REPOSITORY = RepositoryId.model(TestHub.REPOSITORY);

  @ParameterizedTest
  @CsvSource({
    "a//b, an empty part",
    "../b, the part '..'",
    "a/., the part '.'",
    "a./b, a part that ends with a dot or a space",
    "nul/b, 'reserved on Windows'",
    "a/AUX.json, 'reserved on Windows'",
    "aux .txt, 'reserved on Windows'",
    "lpt1.a.b, 'reserved on Windows'",
    "com\u00b2, 'reserved on Windows'",
    "/etc, a slash in front",
    "\\x, a backslash",
    "C:x, a drive letter"
  })
  void aFileThatCouldLeadOutsideIsRefused(String file, String problem) {
    refuses(HubException.class, () -> Names.requireFile(REPOSITORY, file), problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u001f", "\u007f"})
  void controlCharactersAreRefusedAndNotShown(String character) {
    assertThatThrownBy(() -> Names.requireFile(REPOSITORY, "a" + character))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("'a?' has a control character");
  }

  @Test
  void otherNamesAreTaken() {
    for (String file :
        new String[] {
          "a b.txt", " a", "onnx/model~.onnx", "auxiliary.json", "com10", "\u00e9.md"
        }) {
      assertThat(Names.requireFile(REPOSITORY, file)).isEqualTo(file);
    }
  }

  @Test
  void aRevisionHasAtMost255Characters() {
    assertThat(Names.requireRevision("r".repeat(255))).hasSize(255);
    assertThatThrownBy(() -> Names.requireRevision("r".repeat(256)))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("more than 255 characters");
    refuses(HubException.class, () -> Names.requireRevision("..".repeat(200)), "ends with a dot");
  }

  @Test
  void namesThatDifferByCaseAloneAreRefusedWhereTheyAreOne() {
    Names.requireDistinct(REPOSITORY, List.of("a", "b/A", "a"));
    refuses(
        HubException.class,
        () -> Names.requireDistinct(REPOSITORY, List.of("model.bin", "b", "Model.bin")),
        "'model.bin' and 'Model.bin' would be one file",
        "HF_HUB_CACHE");
  }

  @Test
  void longTextsAreShownInPart() {
    assertThat(Names.shown("x".repeat(120))).isEqualTo("x".repeat(120));
    assertThat(Names.shown("x".repeat(121))).isEqualTo("x".repeat(120) + "...");
  }
}
