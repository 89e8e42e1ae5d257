package io.adapt4j.core.internal.task.classification;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.LabeledSample;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.tokenize.Words;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts with labels as tokens and numbers, with a word-piece tokenizer of a few words. */
class TextEncoderTest {

  private static final int CLS = 2;
  private static final int SEP = 3;
  private static final int NONE = TrainingSample.IGNORED;

  @TempDir private Path folder;
  @AutoClose private Tokenizer tokenizer;

  @BeforeEach
  void load() throws IOException {
    tokenizer = Tokenizer.load(SmallEncoder.write(folder));
  }

  @Test
  void aTextHasItsClassAndAPairItsTypes() {
    Dataset data =
        Datasets.of(
            List.of(
                new Example.Classified("the cat", "b"),
                new Example.Classified("the cat", Optional.of("dog ran"), List.of("a"))));
    TextEncoder encoder = encoder(ClassificationProblem.SINGLE_LABEL, 16, "a", "b");
    LabeledSample text = encoder.sample(data, 0, 0);
    assertThat(text.ids()).containsExactly(CLS, 12, 6, SEP);
    assertThat(text.labels()).containsExactly(1);
    LabeledSample pair = encoder.sample(data, 1, 0);
    assertThat(pair.ids()).containsExactly(CLS, 12, 6, SEP, 7, 9, SEP);
    assertThat(pair.typeIds()).containsExactly(0, 0, 0, 0, 1, 1, 1);
    assertThat(pair.labels()).containsExactly(0);
  }

  @Test
  void aLongTextIsCutAtItsEndAndSaysSo() {
    Dataset data = Datasets.of(List.of(new Example.Classified("the cat sat on a mat", "a")));
    EncodedRow<LabeledSample> row =
        encoder(ClassificationProblem.SINGLE_LABEL, 5, "a").encode(data, 0);
    assertThat(row.samples().get(0).ids()).containsExactly(CLS, 12, 6, 8, SEP);
    assertThat(row.fate()).isEqualTo(RowFate.TRUNCATED);
  }

  @Test
  void severalLabelsAreIndicatorsAndANumberIsItself() {
    Dataset data =
        Datasets.of(
            List.of(
                new Example.Classified("cat", List.of("c", "a")),
                new Example.Classified("cat", List.of()),
                new Example.Classified("cat", "-2.5")));
    TextEncoder several = encoder(ClassificationProblem.MULTI_LABEL, 16, "a", "b", "c");
    assertThat(several.sample(data, 0, 0).values()).containsExactly(1, 0, 1);
    assertThat(several.sample(data, 1, 0).values()).containsExactly(0, 0, 0);
    assertThat(encoder(ClassificationProblem.REGRESSION, 16).sample(data, 2, 0).values())
        .containsExactly(-2.5f);
  }

  @Test
  void aWordIsLearnedAtItsFirstTokenAndANumberStandsForALabel() {
    Dataset data =
        Datasets.of(
            List.of(new Example.Tagged(List.of("slowly", "the", "cat"), List.of("O", "1", "B-X"))));
    TextEncoder encoder = encoder(ClassificationProblem.TOKEN, 16, "O", "B-X", "I-X");
    LabeledSample sample = encoder.sample(data, 0, 0);
    assertThat(sample.ids()).containsExactly(CLS, 16, 17, 12, 6, SEP);
    assertThat(sample.labels()).containsExactly(NONE, 0, NONE, 1, 1, NONE);
    EncodedRow<LabeledSample> cut =
        encoder(ClassificationProblem.TOKEN, 4, "O", "B-X").encode(data, 0);
    assertThat(cut.samples().get(0).ids()).containsExactly(CLS, 16, 17, SEP);
    assertThat(cut.samples().get(0).labels()).containsExactly(NONE, 0, NONE, NONE);
    assertThat(cut.fate()).isEqualTo(RowFate.TRUNCATED);
  }

  @Test
  void wordsOfAByteLevelTokenizerAreLearnedAtTheirFirstToken() {
    try (Tokenizer stories = Tokenizer.load(TestTokenizers.stories())) {
      List<String> words = List.of("Lily", "unhappily", "ran");
      Words text = Words.of(words);
      Encoding encoding = stories.encodeWithOffsets(text.text(), true);
      int[] first = text.firstTokens(encoding);
      assertThat(first).contains(-1);
      assertThat(Arrays.stream(first).filter(word -> word >= 0).toArray()).containsExactly(0, 1, 2);
    }
  }

  /** Where Transformers' word_ids() has a word first, the words given one by one. */
  @Test
  void aWordThatBeginsWithALoneSpaceTokenIsLearnedThere() {
    try (Tokenizer stories = Tokenizer.load(TestTokenizers.stories())) {
      List<String> words =
          List.of("Ω", "Lily", "saw", "Ωmega", "Zoë", "中文", "9", "😀", "\"Hi\"", "-");
      Words text = Words.of(words);
      Encoding encoding = stories.encodeWithOffsets(text.text(), true);
      int[] first = text.firstTokens(encoding);
      int[] places = IntStream.range(0, first.length).filter(i -> first[i] >= 0).toArray();
      assertThat(Arrays.stream(places).map(place -> first[place]).toArray())
          .containsExactly(IntStream.range(0, words.size()).toArray());
      assertThat(places).containsExactly(1, 4, 5, 6, 13, 18, 25, 27, 32, 36);
      assertThat(Arrays.stream(places).mapToObj(place -> stories.token(encoding.ids()[place])))
          .containsExactly("▁", "▁Lily", "▁saw", "▁", "▁", "▁", "▁", "▁", "▁\"", "▁");
    }
  }

  @Test
  void aSpaceThatTheTokenizerKeepsByItselfBelongsToNoWord(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "post_processor": null, "decoder": null,
         "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated",
           "invert": false},
         "model": {"type": "WordLevel", "unk_token": "?",
           "vocab": {"?": 0, " ": 1, "a": 2, "cat": 3}}}
        """);
    try (Tokenizer spaced = Tokenizer.load(folder)) {
      Words text = Words.of(List.of("a", "cat", "a"));
      Encoding encoding = spaced.encodeWithOffsets(text.text(), true);
      assertThat(encoding.ids()).containsExactly(2, 1, 3, 1, 2);
      assertThat(text.firstTokens(encoding)).containsExactly(0, -1, 1, -1, 2);
    }
  }

  @Test
  void rowsThatDoNotFitAreNamed() {
    Dataset data =
        Datasets.of(
            List.of(
                new Example.Text("cat"),
                new Example.Classified("cat", "z"),
                new Example.Classified("cat", List.of("a", "b"))));
    TextEncoder encoder = encoder(ClassificationProblem.SINGLE_LABEL, 16, "a", "b");
    assertFails(encoder, data, 0, "expected a text with a label");
    assertFails(encoder, data, 1, "unknown label 'z', known are [a, b]");
    assertFails(encoder, data, 2, "multiLabel");
    assertFails(
        encoder(ClassificationProblem.REGRESSION, 16),
        data,
        1,
        "expected a number as label, found 'z'");
    assertFails(encoder(ClassificationProblem.TOKEN, 16, "a"), data, 1, "words with tags");
  }

  private static void assertFails(TextEncoder encoder, Dataset data, int row, String message) {
    refuses(DatasetException.class, () -> encoder.encode(data, row), data.locate(row), message);
  }

  private TextEncoder encoder(ClassificationProblem problem, int maxLength, String... labels) {
    return new TextEncoder(tokenizer, maxLength, problem, LabelSet.of(List.of(labels)));
  }

  @Test
  void labelsOfDataAreInOrderOfValueOrCharacters() {
    Dataset data =
        Datasets.of(
            List.of(
                new Example.Classified("a", "10"),
                new Example.Classified("a", "b"),
                new Example.Classified("a", List.of("9", "a"))));
    assertThat(LabelSet.in(data).names()).containsExactly("9", "10", "a", "b");
  }
}
