package io.adapt4j.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whisper's normalizers, and error rates of transcripts. */
class TranscriptNormalizerTest {

  private static final TranscriptNormalizer ENGLISH = TranscriptNormalizer.english(Map.of());

  @TempDir Path folder;

  @Test
  void textsEqualThoseOfTransformers() throws Exception {
    JsonNode golden = Golden.read("transcripts.json");
    Path spellings = folder.resolve("normalizer.json");
    Files.writeString(spellings, golden.path("english_spelling").toString());
    TranscriptNormalizer english = TranscriptNormalizer.english(spellings);
    for (JsonNode row : golden.path("english")) {
      assertThat(english.apply(row.path("text").asText()))
          .isEqualTo(row.path("normalised").asText());
    }
    for (JsonNode row : golden.path("basic")) {
      String text = row.path("text").asText();
      assertThat(TranscriptNormalizer.basic().apply(text))
          .isEqualTo(row.path("normalised").asText());
      assertThat(TranscriptNormalizer.basic(true, true).apply(text))
          .isEqualTo(row.path("remove_diacritics_and_split_letters").asText());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "one thousand two hundred and thirty four | 1234",
        "nineteen oh five | 1905",
        "the twenty first of may, the nineties | the 21st of may the 90s",
        "three hundred thousandth, two millions | 300000th 2000000s",
        "twenty percent or ten per cent or per person | 20% or 10% or per person",
        "triple two, double dutch | 222 double dutch",
        "one hundred twenty three million | 123000000",
        "a point of one and two | a point of one and 2",
        "minus twenty degrees, minus the cost | -20 degrees minus the cost",
        "0.50 dollars and ninety nine cents | ¢50 and ¢99",
        "five pounds and six cents | £5.06",
        "a dozen and a half | a dozen and a half",
        "12th 3rd a1b | 12th 3rd a one b",
        "$5 million | $5000000",
        "one two three four | 1234",
        "twenty one oh one | 2101",
      })
  void numbersAreWrittenInDigits(String text, String wanted) {
    assertThat(ENGLISH.apply(text)).isEqualTo(wanted);
  }

  @Test
  void anotherFileIsRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("normalizer.json"), "{\"a\": 1}");
    assertThatThrownBy(() -> TranscriptNormalizer.english(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected a JSON object of words, found 1 for a");
  }

  @Test
  void theErrorRateOfACorpusComparesWordsAndHasAnInterval() {
    WordErrorRate rate = WordErrorRate.ofWords(ENGLISH);
    rate.add("He said twenty, didn't he?", "he said 20 did not he");
    rate.add("A cat sat.", "the cat sat on it");
    assertThat(rate.rate()).isCloseTo(3.0 / 11, within(1e-12));
    ConfidenceInterval interval = rate.interval(Bootstrap.DEFAULT);
    assertThat(interval.value()).isEqualTo(rate.rate());
    assertThat(interval.low()).isZero();
    assertThat(interval.high()).isEqualTo(0.6);
    Metric<String, String, Double> metric = Metrics.wordErrorRate(ENGLISH);
    metric.add("A cat sat.", "the cat sat on it");
    assertThat(metric.result()).isEqualTo(0.6);
    assertThat(Metrics.characterErrorRate(ENGLISH).of("Cut!", "cat"))
        .isCloseTo(1 / 3.0, within(1e-12));
    WordErrorRate letters = WordErrorRate.ofCharacters(TranscriptNormalizer.basic());
    letters.add("Cut!", "cat");
    assertThat(letters.rate()).isCloseTo(1 / 3.0, within(1e-12));
    assertThatThrownBy(() -> WordErrorRate.ofWords(ENGLISH).interval(Bootstrap.DEFAULT))
        .isInstanceOf(IllegalStateException.class);
  }
}
