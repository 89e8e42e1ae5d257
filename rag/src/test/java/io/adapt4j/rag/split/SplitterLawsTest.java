package io.adapt4j.rag.split;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.document.Structure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;

/** What holds for the chunks of every text, of any structure, by either counter. */
class SplitterLawsTest {

  private static final Tokenizer STORIES =
      Tokenizer.load(Path.of("../examples/models/stories260K"));

  private static final Path BERT = Path.of("../../shared/data/tokenizers/bert-base-uncased");

  /** The tokenizers here: that of BERT models is not in the repository. */
  private static final List<Tokenizer> TOKENIZERS =
      Files.isDirectory(BERT) ? List.of(STORIES, Tokenizer.load(BERT)) : List.of(STORIES);

  private static final List<String> PARTS =
      List.of(
          split(
              "~",
              "# Title\n~\n## Part\n\n~### Deeper *part* ###\n~Setext\n======\n~\n\n~\n~ ~    ",
              "\t~The quick brown fox jumps. ~Did it? Yes! ~word ~- item\n~  - inner item\n",
              "1. first\n~> quoted\n~```java\nint a = 1;\n\nint b;\n```\n~```",
              "| a | b |\n| --- | --- |\n| 1 | 2 |\n~---\n~key: value\n",
              "def f(x):\n    return x\n\n~}\n~<div>\n<p>text</p>\n</div>\n~\f~\r\n\r\n",
              "Mr. Smith and J. R. R. Tolkien. ",
              "https://example.org/a/very/long/path/that/goes/on?and=on&more=yes ",
              "\u4ED6\u6765\u4E86\u3002\u5979\u8D70\u4E86\uFF01",
              "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67~\uD83C\uDDE9\uD83C\uDDEA",
              "e\u0301~ \u0301~ \u0E33~\uD842\uDFB7~\u00A0~\u200B",
              "\u0645\u0631\u062D\u0628\u0627 ",
              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));

  @AfterContainer
  static void close() {
    TOKENIZERS.forEach(Tokenizer::close);
  }

  @Provide
  Arbitrary<String> texts() {
    // A few signs, such as that of Arabic numbers, make one character with a blank after them.
    Arbitrary<String> any =
        Arbitraries.chars()
            .all()
            .filter(sign -> !Pattern.matches("\\X", sign + " "))
            .list()
            .ofMaxSize(12)
            .map(signs -> signs.stream().map(String::valueOf).collect(Collectors.joining()));
    return Arbitraries.frequencyOf(Tuple.of(20, Arbitraries.of(PARTS)), Tuple.of(1, any))
        .list()
        .ofMaxSize(60)
        .map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<TokenCounter> counters() {
    List<TokenCounter> counters = new ArrayList<>(List.of(TokenCounter.words()));
    TOKENIZERS.forEach(tokenizer -> counters.add(TokenCounter.of(tokenizer)));
    return Arbitraries.of(counters);
  }

  @Property(tries = 300)
  void everyChunkIsItsSpanInRisingOrderAndAllThatIsNotBlankIsCovered(
      @ForAll("texts") String text,
      @ForAll Structure structure,
      @ForAll("counters") TokenCounter counter,
      @ForAll @IntRange(min = 16, max = 60) int maxTokens) {
    Splitter splitter = Splitter.builder().counter(counter).maxTokens(maxTokens).build();
    List<Chunk> chunks = splitter.split(document(text, structure));
    int covered = structure == Structure.MARKDOWN ? FrontMatter.end(text) : 0;
    for (int i = 0; i < chunks.size(); i++) {
      Chunk chunk = chunks.get(i);
      assertThat(chunk.number()).isEqualTo(i);
      assertThat(chunk.text()).isEqualTo(chunk.span().of(text)).isNotBlank();
      assertThat(chunk.parent()).isEqualTo(chunk.span());
      if (i > 0) {
        Span before = chunks.get(i - 1).span();
        assertThat(chunk.span().start()).isGreaterThan(before.start());
        assertThat(chunk.span().end()).isGreaterThan(before.end());
      }
      if (chunk.span().start() > covered) {
        assertThat(isBlank(text, covered, chunk.span().start())).isTrue();
      }
      covered = chunk.span().end();
    }
    assertThat(isBlank(text, covered, text.length())).isTrue();
  }

  @Property(tries = 300)
  void noChunkHasMoreTokensThanTheLimitUnlessItIsOneCharacter(
      @ForAll("texts") String text,
      @ForAll Structure structure,
      @ForAll("counters") TokenCounter counter,
      @ForAll @IntRange(min = 16, max = 60) int maxTokens) {
    Splitter splitter = Splitter.builder().counter(counter).maxTokens(maxTokens).build();
    assertThat(splitter.split(document(text, structure)))
        .allSatisfy(
            chunk -> {
              if (!Pattern.matches("\\s*\\X", chunk.text())) {
                assertThat(counter.count(chunk.searchText())).isLessThanOrEqualTo(maxTokens);
              }
            });
  }

  @Property(tries = 300)
  void chunksRepeatNoMoreThanTheOverlap(
      @ForAll("texts") String text,
      @ForAll Structure structure,
      @ForAll("counters") TokenCounter counter,
      @ForAll @IntRange(max = 16) int overlap) {
    Splitter splitter = Splitter.builder().counter(counter).maxTokens(32).overlap(overlap).build();
    List<Chunk> chunks = splitter.split(document(text, structure));
    for (int i = 1; i < chunks.size(); i++) {
      int start = chunks.get(i).span().start();
      int end = chunks.get(i - 1).span().end();
      if (start < end) {
        int repeated = counter.count(text.substring(start, end)) - counter.count("");
        assertThat(repeated).isLessThanOrEqualTo(overlap);
      }
    }
  }

  @Property(tries = 200)
  void parentsHoldTheirChunksWithinTheirOwnLimitAndDoNotOverlap(
      @ForAll("texts") String text,
      @ForAll Structure structure,
      @ForAll("counters") TokenCounter counter) {
    Splitter splitter =
        Splitter.builder().counter(counter).maxTokens(16).overlap(4).parentTokens(64).build();
    Span last = new Span(0, 0);
    for (Chunk chunk : splitter.split(document(text, structure))) {
      Span parent = chunk.parent();
      assertThat(parent.contains(chunk.span())).isTrue();
      assertThat(counter.count(parent.of(text))).isLessThanOrEqualTo(64);
      assertThat(parent.equals(last) || parent.start() >= last.end()).isTrue();
      last = parent;
    }
  }

  @Property(tries = 100)
  void noChunkBeginsOrEndsWithinACharacter(
      @ForAll("texts") String text, @ForAll Structure structure) {
    Splitter splitter = Splitter.builder().maxTokens(16).build();
    boolean[] boundaries = new boolean[text.length() + 1];
    Pattern.compile("\\X")
        .matcher(text)
        .results()
        .forEach(result -> boundaries[result.end()] = true);
    boundaries[0] = true;
    assertThat(splitter.split(document(text, structure)))
        .allSatisfy(
            chunk -> {
              assertThat(boundaries[chunk.span().start()]).as(chunk.text()).isTrue();
              assertThat(boundaries[chunk.span().end()]).as(chunk.text()).isTrue();
            });
  }

  @Property(tries = 100)
  void theSameDocumentGivesTheSameChunks(
      @ForAll("texts") String text,
      @ForAll Structure structure,
      @ForAll("counters") TokenCounter counter) {
    Splitter used = Splitter.builder().counter(counter).maxTokens(20).build();
    used.split(document("Other words before.", structure));
    Splitter fresh = Splitter.builder().counter(counter).maxTokens(20).build();
    assertThat(used.split(document(text, structure)))
        .isEqualTo(fresh.split(document(text, structure)));
  }

  private static Document document(String text, Structure structure) {
    return new Document("law", "", text, Map.of(Document.STRUCTURE, structure.fieldValue()));
  }

  private static boolean isBlank(String text, int start, int end) {
    return text.substring(start, end).chars().allMatch(Blank::is);
  }
}
