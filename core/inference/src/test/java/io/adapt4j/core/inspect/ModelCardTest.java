package io.adapt4j.core.inspect;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCardTest {

  @TempDir Path folder;

  @Test
  void readsTheFrontMatter() {
    ModelCard card = Cards.read("permissive");
    assertThat(card.license()).hasValue("apache-2.0");
    assertThat(card.licenseName()).isEmpty();
    assertThat(card.languages()).containsExactly("en", "no");
    assertThat(card.datasets()).containsExactly("made/up-stories");
    assertThat(card.baseModels()).containsExactly("made/up-base");
    assertThat(card.pipelineTag()).hasValue("text-generation");
    assertThat(card.libraryName()).hasValue("transformers");
    assertThat(card.tags()).containsExactly("stories", "1.0", "small");
    assertThat(card.text()).startsWith("# A made-up model").doesNotContain("apache");
  }

  @Test
  void readsTheNameAndPlaceOfALicenseOfItsOwn() {
    ModelCard card = Cards.read("custom-license");
    assertThat(card.license()).hasValue("other");
    assertThat(card.licenseName()).hasValue("made-up-license");
    assertThat(card.licenseLink()).hasValue("https://example.org/license");
  }

  @Test
  void splitsTheTextAtHeadingsWithSubsectionsInTheirSection() {
    ModelCard card = Cards.read("permissive");
    assertThat(card.sections().keySet())
        .containsExactly(
            "A made-up model",
            "Uses",
            "Direct use",
            "Out-of-scope use",
            "Bias, Risks, and Limitations",
            "Recommendations",
            "Ethical considerations",
            "Licence");
    assertThat(card.section("uses").orElseThrow())
        .startsWith("### Direct use")
        .endsWith("Anything true.");
    assertThat(card.section("Direct use")).contains("Stories for children.");
    assertThat(card.section("Ethical considerations")).contains("None were had.");
  }

  @Test
  void findsKnownLimitationsUnderTheirManyNames() {
    assertThat(Cards.read("permissive").limitations().keySet())
        .containsExactly(
            "Out-of-scope use", "Bias, Risks, and Limitations", "Ethical considerations");
    assertThat(Cards.read("permissive").limitations().get("Bias, Risks, and Limitations"))
        .startsWith("It knows `512` words.")
        .contains("Do not ask it for advice.");
    assertThat(Cards.read("custom-license").limitations().keySet())
        .containsExactly("Usage and Limitations");
  }

  @Test
  void aFolderWithoutACardHasOneThatStatesNothing() {
    assertThat(ModelCard.read(folder)).isEqualTo(ModelCard.empty());
  }

  @Test
  void aCardNeedsNoFrontMatter() {
    ModelCard card = Cards.read("no-front-matter");
    assertThat(card.license()).isEmpty();
    assertThat(card.sections().keySet()).containsExactly("Just a title", "License");
  }

  @Test
  void takesWindowsLinesAByteOrderMarkAndEmptyFields() {
    ModelCard card =
        parse("\uFEFF---\r\nlicense: mit\r\nlanguage:\r\ndatasets: null\r\n---\r\n# Title\r\nText");
    assertThat(card.license()).hasValue("mit");
    assertThat(card.languages()).isEmpty();
    assertThat(card.datasets()).isEmpty();
    assertThat(card.section("Title")).contains("Text");
    assertThat(parse("---\n---\n# Title").license()).isEmpty();
    assertThat(parse("---\n# only a comment\n---\n").license()).isEmpty();
  }

  @Test
  void malformedFrontMatterIsNamedWithItsLine() {
    assertThatThrownBy(() -> Cards.read("broken"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("broken.md: line 5: the front matter is not valid YAML");
    assertThatThrownBy(() -> Cards.read("unclosed"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("unclosed.md: line 1:")
        .hasMessageContaining("'---' at its end");
    assertThatThrownBy(() -> parse("---\njust words\n---\n"))
        .hasMessageContaining("line 2: the front matter is not a YAML mapping");
  }

  @Test
  void aHostileCardIsRefusedAndMakesNoObjects() {
    refuses(CheckpointException.class, () -> parse("---\nx: " + "[".repeat(200_000) + "\n---\n"));
    refuses(CheckpointException.class, () -> parse("---\nx: !!java.io.File [a]\n---\n"), "line 2");
    StringBuilder bomb = new StringBuilder("---\na0: &a0 [x, x]\n");
    for (int i = 1; i < 100; i++) {
      String before = "*a" + (i - 1);
      bomb.append("a" + i + ": &a" + i + " [" + before + ", " + before + "]\n");
    }
    refuses(CheckpointException.class, () -> parse(bomb + "---\n"), "alias");
  }

  @Test
  void deeplyNestedMarkdownIsRead() {
    for (String piece :
        List.of("> ", "- ", "[", "![", "*a ", "a `", "<a ", "# ", "_", "(", "[a](")) {
      ModelCard card = parse(piece.repeat(20_000) + "\n\n# Title\n");
      assertThat(card.section("Title")).as(piece).isPresent();
    }
    String heading = "# " + "*a _b ".repeat(20_000) + " b_ a*".repeat(20_000);
    assertThat(parse(heading).sections()).hasSize(1);
  }

  @Property(tries = 500)
  void anyTextIsReadOrRefusedAndNothingElseBreaks(@ForAll("cards") String text) {
    try {
      ModelCard card = parse(text);
      assertThat(card.limitations().keySet()).isSubsetOf(card.sections().keySet());
    } catch (CheckpointException e) {
      assertThat(e).hasMessageContaining("README.md: line ");
    }
  }

  @Provide
  Arbitrary<String> cards() {
    Arbitrary<String> pieces =
        Arbitraries.of(
            split(
                "~",
                "---~\n~\r\n~ ~: ~- ~license~[~]~{~}~&a~*a~!!~|~>~'~\"~#~# Limits and risks~===",
                "```~%~@~\0~?~\t"));
    return Arbitraries.oneOf(pieces, Arbitraries.strings().ofMaxLength(3))
        .list()
        .ofMaxSize(40)
        .map(list -> "---\n" + String.join("", list));
  }

  @Test
  void aCardThatIsNotTextIsNamed() throws IOException {
    Files.write(folder.resolve("README.md"), new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
    refuses(CheckpointException.class, () -> ModelCard.read(folder), "README.md", "UTF-8");
  }

  private static ModelCard parse(String text) {
    return ModelCard.parse(Path.of("README.md"), text);
  }
}
