package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Latencies;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Cost of constrained decoding per token: masks and states of JSON answers for three schemas, with
 * tokenizer vocabularies and one of 150,000 tokens, for new and for cached schemas.
 */
@InSuite(quick = "--rounds 2 --warmup 1", full = "", needs = "../shared/data/tokenizers/gpt2")
public final class ConstraintBenchmark {

  private static final String OPTIONS =
      "--tokenizers ../shared/data/tokenizers/mistral-7b-v0.1,../shared/data/tokenizers/gpt2 "
          + "--tokens 150000 --rounds 7 --warmup 3";

  private static final double NEW_TARGET = 1000;
  private static final double KNOWN_TARGET = 50;

  /** A schema, and an answer. */
  private record Case(String schema, String answer) {

    private static final AtomicInteger ASKED = new AtomicInteger();

    /** The schema in a text that no cache has. */
    String unknown() {
      return schema.replaceFirst("\\{", "{\"\\$comment\": \"" + ASKED.incrementAndGet() + "\",");
    }
  }

  private static final List<Case> CASES =
      List.of(
          new Case(
              """
              {"type": "object", "additionalProperties": false,
               "required": ["name", "age", "email", "address", "tags"],
               "properties": {
                 "name": {"type": "string"},
                 "age": {"type": "integer", "minimum": 0, "maximum": 150},
                 "email": {"type": "string", "format": "email"},
                 "address": {"type": "object", "required": ["street", "city"],
                   "properties": {"street": {"type": "string", "maxLength": 200},
                     "city": {"type": "string"}, "kind": {"enum": ["home", "work", "other"]}}},
                 "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 8}}}
              """,
              "{\"name\":\"Ada Lovelace\",\"age\":36,\"email\":\"ada@example.org\",\"address\":{\"street\":"
                  + "\"12 St James's Square, second floor\",\"city\":\"London\",\"kind\":\"home\"},\"tags\":"
                  + "[\"mathematics\",\"first programs\",\"analytical engine\"]}"),
          new Case(
              """
              {"type": "array", "items": {"type": "object", "required": ["quote", "score", "day"],
               "properties": {"quote": {"type": "string", "minLength": 10, "maxLength": 400},
                 "score": {"type": "number", "minimum": 0, "maximum": 1},
                 "day": {"type": "string", "format": "date"}}}}
              """,
              "[{\"quote\":\"Your parcel has left our warehouse and arrives within two working days,"
                  + " except on public holidays.\",\"score\":0.925,\"day\":\"2026-11-24\"},{\"quote\":"
                  + "\"Refunds are paid to the card that was used.\",\"score\":0.5,\"day\":"
                  + "\"2024-02-29\"}]"),
          new Case(
              """
              {"$defs": {"node": {"type": "object", "required": ["text"], "additionalProperties": false,
                "properties": {"text": {"type": "string"},
                  "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}},
               "$ref": "#/$defs/node"}
              """,
              "{\"text\":\"Animals\",\"children\":[{\"text\":\"Mammals\",\"children\":[{\"text\":\"Whales and"
                  + " dolphins\"},{\"text\":\"Bats\"}]},{\"text\":\"Birds\",\"children\":[]}]}"));

  private ConstraintBenchmark() {}

  /**
   * Options: {@code --tokenizers} (folders, joined by commas), {@code --tokens} of the joined
   * vocabulary, {@code --rounds}, {@code --warmup}.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    int rounds = arguments.number("--rounds", 1);
    int warmup = arguments.number("--warmup", 0);
    Report report = new Report("Constraints on the output");
    Set<String> texts = new LinkedHashSet<>();
    for (String folder : arguments.text("--tokenizers").split(",", -1)) {
      try (Tokenizer tokenizer = Tokenizer.load(Path.of(folder))) {
        TokenBytes vocabulary = tokenizer.tokenBytes();
        for (int id = 0; id < vocabulary.size(); id++) {
          texts.add(new String(vocabulary.bytes(id), StandardCharsets.ISO_8859_1));
        }
        measure(Path.of(folder).getFileName().toString(), vocabulary, warmup, rounds, report);
      }
    }
    TokenBytes joined = joined(List.copyOf(texts), arguments.number("--tokens", 1000));
    measure("joined", joined, warmup, rounds, report);
    report.print();
  }

  /** Returns the tokens and concatenated pairs of them, up to a number. */
  private static TokenBytes joined(List<String> texts, int size) {
    Set<String> all = new LinkedHashSet<>(texts);
    for (int i = 0; all.size() < size; i++) {
      int second = i + 1 + 97 * (i / texts.size());
      all.add(texts.get(i % texts.size()) + texts.get(second % texts.size()));
    }
    return TokenBytes.of(
        all.stream().limit(size).map(t -> t.getBytes(StandardCharsets.ISO_8859_1)).toList());
  }

  private static void measure(
      String name, TokenBytes vocabulary, int warmup, int rounds, Report report) {
    List<int[]> answers = new ArrayList<>();
    for (Case asked : CASES) {
      answers.add(tokens(JsonSchema.parse(asked.schema()), vocabulary, asked.answer()));
    }
    int tokens = answers.stream().mapToInt(answer -> answer.length).sum();
    List<TextConstraint> constraints = new ArrayList<>();
    Latencies first = new Latencies();
    Latencies again = new Latencies();
    Turns turns =
        new Turns(warmup, rounds)
            .add(
                "compiling",
                round -> {
                  constraints.clear();
                  long begun = System.nanoTime();
                  CASES.forEach(asked -> constraints.add(JsonSchema.parse(asked.unknown())));
                  return 1e3 * Timing.since(begun) / CASES.size();
                })
            .add("new", round -> microseconds(constraints, vocabulary, answers, first) / tokens)
            .add("known", round -> microseconds(constraints, vocabulary, answers, again) / tokens)
            .run();
    report.line(name, "%d tokens, answers of %d", vocabulary.size(), tokens);
    report.figure(turns.of("compiling").smaller(name + ", compiling a schema", "ms"));
    report.figure(turns.of("new").smaller(name + ", schema new", "us/token").target(NEW_TARGET));
    report.line(name + ", new", "p99 of a token %.1f us", 1e3 * first.percentile(0.99));
    report.figure(
        turns.of("known").smaller(name + ", schema known", "us/token").target(KNOWN_TARGET));
    report.line(name + ", known", "p99 of a token %.1f us", 1e3 * again.percentile(0.99));
  }

  private static double microseconds(
      List<TextConstraint> constraints,
      TokenBytes vocabulary,
      List<int[]> answers,
      Latencies each) {
    long begun = System.nanoTime();
    for (int i = 0; i < answers.size(); i++) {
      ConstraintState state = constraints.get(i).begin(vocabulary, false);
      for (int token : answers.get(i)) {
        long before = System.nanoTime();
        if (!state.allowed().contains(token)) {
          throw new IllegalStateException("the answer is not allowed at token " + token);
        }
        state.accept(token);
        each.add((System.nanoTime() - before) / 1e6);
      }
      if (!state.mayEnd()) {
        throw new IllegalStateException("the answer is not complete");
      }
    }
    return (System.nanoTime() - begun) / 1e3;
  }

  /** Tokenizes an answer greedily into the longest allowed tokens. */
  private static int[] tokens(TextConstraint constraint, TokenBytes vocabulary, String answer) {
    byte[] text = answer.getBytes(StandardCharsets.UTF_8);
    ConstraintState state = constraint.begin(vocabulary, false);
    List<Integer> tokens = new ArrayList<>();
    int at = 0;
    while (at < text.length) {
      TokenMask allowed = state.allowed();
      int best = -1;
      for (int id = allowed.next(0); id >= 0; id = allowed.next(id + 1)) {
        boolean longer = best < 0 || vocabulary.length(id) > vocabulary.length(best);
        if (longer && isAt(text, at, vocabulary, id)) {
          best = id;
        }
      }
      if (best < 0) {
        throw new IllegalStateException("no token for " + answer.substring(Math.min(at, 20)));
      }
      tokens.add(best);
      at += vocabulary.length(best);
      state.accept(best);
    }
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  private static boolean isAt(byte[] text, int at, TokenBytes vocabulary, int id) {
    int length = vocabulary.length(id);
    if (at + length > text.length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (vocabulary.at(id, i) != (text[at + i] & 0xFF)) {
        return false;
      }
    }
    return true;
  }
}
