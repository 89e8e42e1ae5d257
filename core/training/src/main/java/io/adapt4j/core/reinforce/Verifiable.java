package io.adapt4j.core.reinforce;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.adapt4j.core.internal.Json;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Rewards that are computed from the text and the row alone. */
final class Verifiable {

  private static final Pattern SPACE = Pattern.compile("\\s+");

  private Verifiable() {}

  private static String normalized(String text) {
    return SPACE.matcher(text.strip()).replaceAll(" ");
  }

  /** Reward of the expected text, with any white space. */
  record Exact(String field) implements Rewards.Described {

    Exact {
      Objects.requireNonNull(field, "field");
    }

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      Object expected = fields.get(field);
      if (expected == null) {
        return Double.NaN;
      }
      String answer = normalized(completion);
      List<?> all = expected instanceof List<?> list ? list : List.of(expected);
      return all.stream().anyMatch(text -> normalized(String.valueOf(text)).equals(answer)) ? 1 : 0;
    }

    @Override
    public Map<String, Object> options() {
      return Map.of("exact", field);
    }
  }

  /** Reward of a number near the expected one. */
  record Near(String field, double tolerance) implements Rewards.Described {

    Near {
      Objects.requireNonNull(field, "field");
      Numbers.requireNotNegative("tolerance", tolerance);
    }

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      Optional<BigDecimal> expected =
          Rewards.NumericAnswer.answer(String.valueOf(fields.get(field)));
      if (expected.isEmpty()) {
        return Double.NaN;
      }
      BigDecimal most = new BigDecimal(tolerance);
      return Rewards.NumericAnswer.answer(completion)
              .filter(found -> found.subtract(expected.get()).abs().compareTo(most) <= 0)
              .isPresent()
          ? 1
          : 0;
    }

    @Override
    public Map<String, Object> options() {
      Map<String, Object> options = new LinkedHashMap<>();
      options.put("numericAnswer", field);
      options.put("tolerance", tolerance);
      return options;
    }
  }

  /** Reward of JSON that conforms to a schema. */
  record Conforming(String schema) implements Rewards.Described {

    private static final Pattern FENCED =
        Pattern.compile("\\A```(?:json)?[ \\t]*\\R(.*)\\R```\\z", Pattern.DOTALL);

    Conforming {
      SchemaCheck.parse(schema);
    }

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      String text = completion.strip();
      Matcher fenced = FENCED.matcher(text);
      try {
        String json = fenced.matches() ? fenced.group(1) : text;
        return SchemaCheck.parse(schema).accepts(Json.parseStrictly(json)) ? 1 : 0;
      } catch (JsonProcessingException e) {
        return 0;
      }
    }

    @Override
    public Map<String, Object> options() {
      return Map.of("jsonSchema", schema);
    }
  }

  /** Reward of quotations that occur in the passages they cite. */
  record Citing(String field) implements Rewards.Described {

    private static final Pattern CITATION =
        Pattern.compile("(?:[\"“]([^\"“”]{1,2000})[\"”][.,;:]?\\s*)?\\[(\\d{1,4})]");

    Citing {
      Objects.requireNonNull(field, "field");
    }

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      Object given = fields.get(field);
      if (given == null) {
        return Double.NaN;
      }
      List<?> passages = given instanceof List<?> list ? list : List.of(given);
      Matcher citations = CITATION.matcher(completion);
      int found = 0;
      int right = 0;
      while (citations.find()) {
        int number = Integer.parseInt(citations.group(2));
        String quote = citations.group(1);
        found++;
        right += quote != null && isQuoted(quote, number, passages) && !quote.isBlank() ? 1 : 0;
      }
      return found == 0 ? 0 : (double) right / found;
    }

    private static boolean isQuoted(String quote, int number, List<?> passages) {
      return number >= 1
          && number <= passages.size()
          && folded(String.valueOf(passages.get(number - 1))).contains(folded(quote));
    }

    private static String folded(String text) {
      return normalized(text).toLowerCase(Locale.ROOT);
    }

    @Override
    public Map<String, Object> options() {
      return Map.of("citation", field);
    }
  }
}
