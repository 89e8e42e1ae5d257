package io.adapt4j.rag.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SplitterTest {

  private static final String SENTENCE = "One two three four five six seven. ";

  @Test
  void aShortTextIsOneChunk() {
    List<Chunk> chunks = Splitter.standard().split(Document.of("a.txt", "  Hello, world.\n"));
    assertThat(chunks)
        .containsExactly(
            new Chunk("a.txt", 0, new Span(2, 15), new Span(2, 15), "", "Hello, world."));
  }

  @Test
  void aBlankTextHasNoChunks() {
    assertThat(Splitter.standard().split(Document.of("a.txt", " \n\n \t"))).isEmpty();
    assertThat(Splitter.standard().split(Document.of("a.md", ""))).isEmpty();
  }

  @Test
  void paragraphsStayWholeWhereTheyFit() {
    String text = SENTENCE.repeat(2) + "\n\n" + SENTENCE.repeat(2) + "\n\n" + SENTENCE;
    assertThat(texts(splitter(24), "a.txt", text))
        .containsExactly(
            SENTENCE.repeat(2).strip(), SENTENCE.repeat(2).strip() + " \n\n" + SENTENCE.strip());
  }

  @Test
  void aLongParagraphIsCutBetweenSentences() {
    assertThat(texts(splitter(20), "a.txt", SENTENCE.repeat(5)))
        .containsExactly(SENTENCE.repeat(2).strip(), SENTENCE.repeat(2).strip(), SENTENCE.strip());
  }

  @Test
  void aLongSentenceIsCutBetweenWordsAndALongWordBetweenCharacters() {
    assertThat(texts(splitter(16), "a.txt", "word ".repeat(20)))
        .containsExactly("word ".repeat(16).strip(), "word ".repeat(4).strip());
    TokenCounter characters = String::length;
    Splitter splitter = Splitter.builder().counter(characters).maxTokens(16).overlap(0).build();
    assertThat(texts(splitter, "a.txt", "x".repeat(40)))
        .containsExactly("x".repeat(16), "x".repeat(16), "x".repeat(8));
  }

  @Test
  void abbreviationsAndQuestionsWithinASentenceDoNotEndIt() {
    String text =
        "We met Mr. Smith, J. R. Tolkien and \"who?\" she said, e.g. At home. Then we left.";
    Splitter splitter = Splitter.builder().maxTokens(28).overlap(0).build();
    assertThat(texts(splitter, "a.txt", text))
        .containsExactly(text.substring(0, text.indexOf(" Then")), "Then we left.");
  }

  @Test
  void theNextChunkRepeatsWholeSentencesOfTheOneBefore() {
    String text = "A one two three. B one two three. C one two three. D one two three.";
    Splitter splitter = Splitter.builder().maxTokens(16).overlap(6).build();
    assertThat(texts(splitter, "a.txt", text))
        .containsExactly(
            "A one two three. B one two three. C one two three.",
            "C one two three. D one two three.");
  }

  @Test
  void aChunkNeverCrossesAHeadingAndKnowsThoseAboveIt() {
    String text =
        """
        # Handbook

        Welcome.

        ## Returns

        Within *30* days.

        ### How

        By post.

        ## Staff

        Ask us.
        """;
    List<Chunk> chunks = Splitter.standard().split(Document.of("a.md", text));
    assertThat(chunks)
        .extracting(Chunk::heading, Chunk::text)
        .containsExactly(
            tuple("", "# Handbook\n\nWelcome."),
            tuple("Handbook", "## Returns\n\nWithin *30* days."),
            tuple("Handbook > Returns", "### How\n\nBy post."),
            tuple("Handbook", "## Staff\n\nAsk us."));
  }

  @Test
  void headingsAboveCountTowardsTheLimit() {
    String text = "# One two three\n\n" + SENTENCE.repeat(8);
    List<Chunk> chunks = splitter(20).split(Document.of("a.md", text));
    assertThat(chunks.get(1).heading()).isEqualTo("One two three");
    assertThat(chunks)
        .allSatisfy(
            chunk ->
                assertThat(TokenCounter.words().count(chunk.searchText())).isLessThanOrEqualTo(20));
  }

  @Test
  void aHeadingStaysWithTheHeadingAndTheTextBelowIt() {
    String text = "Before.\n\n# Title\n\n## Part\n\n" + SENTENCE.repeat(3);
    assertThat(texts(splitter(20), "a.md", text))
        .containsExactly(
            "Before.", "# Title\n\n## Part\n\n" + SENTENCE.strip(), SENTENCE.repeat(2).strip());
  }

  @Test
  void codeBlocksAndTablesOfMarkdownStayWholeWhereTheyFit() {
    String code = "```java\nint a = 1;\n\nint b = 2;\n\n# no heading\n```";
    String table = "| a | b |\n| --- | --- |\n| 1. One | 2 |\n| 3 | 4 |";
    String text = "Some words before it.\n\n" + code + "\n\n" + table + "\n\nAfter.\n";
    assertThat(texts(splitter(36), "a.md", text))
        .containsExactly("Some words before it.\n\n" + code, table + "\n\nAfter.");
  }

  @Test
  void itemsOfAListStayWhole() {
    String text = "- " + SENTENCE.repeat(2) + "\n- " + SENTENCE.repeat(2) + "\n- " + SENTENCE;
    assertThat(texts(splitter(20), "a.md", text))
        .containsExactly(
            "- " + SENTENCE.repeat(2).strip(),
            "- " + SENTENCE.repeat(2).strip(),
            "- " + SENTENCE.strip());
  }

  @Test
  void frontMatterIsNotPartOfAnyChunkButARulerIsNoFrontMatter() {
    assertThat(texts(Splitter.standard(), "a.md", "---\ntitle: A\ntags:\n  - b\n---\n\nText.\n"))
        .containsExactly("Text.");
    assertThat(texts(Splitter.standard(), "a.md", "---\nA sentence of text.\n\n---\nMore.\n"))
        .containsExactly("---\nA sentence of text.\n\n---\nMore.");
  }

  @Test
  void sourceCodeIsCutBetweenItsTopLevelBlocks() {
    String first = "def first(x):\n    y = x + 1\n\n    return y";
    String second = "# The second.\ndef second(x):\n    return x";
    assertThat(texts(splitter(20), "a.py", first + "\n\n\n" + second + "\n"))
        .containsExactly(first, second);
  }

  @Test
  void methodsOfAClassStayWholeWithTheirIndentation() {
    String method = "  int get() {\n    int a = b;\n\n    return a;\n  }";
    String text = "class A {\n\n" + method + "\n\n" + method + "\n}\n";
    assertThat(texts(splitter(20), "A.java", text))
        .containsExactly("class A {\n\n" + method, method + "\n}");
  }

  @Test
  void parentsAreTheLargerStretchesAroundChunks() {
    String text = (SENTENCE.repeat(2) + "\n\n").repeat(4);
    Splitter splitter = Splitter.builder().maxTokens(16).overlap(0).parentTokens(32).build();
    List<Chunk> chunks = splitter.split(Document.of("a.txt", text));
    assertThat(chunks).hasSize(4);
    assertThat(chunks.get(0).parent()).isEqualTo(chunks.get(1).parent());
    assertThat(chunks.get(2).parent()).isEqualTo(chunks.get(3).parent());
    assertThat(chunks.get(0).parent())
        .isEqualTo(new Span(chunks.get(0).span().start(), chunks.get(1).span().end()));
  }

  @Test
  void hostileTextsTakeLinearTime() {
    String deep = ">".repeat(20_000) + " a\n" + "- ".repeat(20_000) + "b\n";
    String blanks = "a" + "\n".repeat(200_000) + " ".repeat(200_000) + "b";
    String word = "x".repeat(400_000);
    for (String text : List.of(deep, blanks, word)) {
      for (String id : List.of("a.md", "a.txt", "a.py")) {
        assertThat(Splitter.standard().split(Document.of(id, text))).isNotEmpty();
      }
    }
  }

  @Test
  void aModelCountsHalfACharacterAsTheReplacementForIt() {
    try (Tokenizer tokenizer = Tokenizer.load(Path.of("../examples/models/stories260K"))) {
      TokenCounter counter = TokenCounter.of(tokenizer);
      assertThat(counter.count("a \uD83D b \uD83D\uDE00"))
          .isEqualTo(counter.count("a \uFFFD b \uD83D\uDE00"));
      assertThat(counter.isSumOfWords()).isFalse();
    }
  }

  @Test
  void optionsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> Splitter.builder().maxTokens(15))
        .hasMessage("maxTokens: expected at least 16, found 15");
    assertThatThrownBy(() -> Splitter.builder().maxTokens(20).overlap(11).build())
        .hasMessage("overlap: expected at most half of maxTokens (20), found 11");
    assertThatThrownBy(() -> Splitter.builder().maxTokens(20).parentTokens(19).build())
        .hasMessage("parentTokens: expected at least maxTokens (20), found 19");
    assertThatThrownBy(
            () -> Splitter.builder().counter(text -> text.length() + 9).maxTokens(20).build())
        .hasMessageContaining("four times the 9 tokens");
  }

  private static Splitter splitter(int maxTokens) {
    return Splitter.builder().maxTokens(maxTokens).overlap(0).build();
  }

  private static List<String> texts(Splitter splitter, String id, String text) {
    return splitter.split(Document.of(id, text)).stream().map(Chunk::text).toList();
  }
}
