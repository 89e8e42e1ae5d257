package io.adapt4j.tools;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The special tokens of a vocabulary that mark calls and thoughts, although special tokens are
 * normally not part of texts. Thread-safe.
 */
final class SpelledSigns {

  private static final List<String> SIGNS =
      List.of(
          ToolParser.TOOL_CALL,
          "</tool_call>",
          KeyedReader.KEY,
          KeyedReader.END_KEY,
          KeyedReader.VALUE,
          KeyedReader.END_VALUE,
          ToolParser.TOOL_CALLS,
          MistralReader.ARGUMENTS,
          MistralReader.CALL_ID,
          ToolParser.START_ACTION,
          ToolParser.END_ACTION,
          ToolParser.MINIMAX_CALL,
          XmlCall.Tags.MINIMAX.end(),
          PythonReader.LFM2,
          PythonReader.LFM2_END,
          PythonReader.LLAMA,
          PythonReader.LLAMA_END,
          "<｜tool▁sep｜>",
          "<|tool_call_argument_begin|>",
          "<|START_RESPONSE|>",
          "<|END_RESPONSE|>");

  private static List<String> signs() {
    List<String> signs = new ArrayList<>(SIGNS);
    Thoughts.ALL.forEach(thoughts -> signs.addAll(List.of(thoughts.open(), thoughts.close())));
    // The tokens of Gemma 4 are shorter than the markers.
    signs.addAll(List.of("<|channel>", "<|tool_call>", "<tool_call|>", "<|\"|>"));
    signs.addAll(List.of("<start_function_call>", "<end_function_call>", "<escape>"));
    for (SectionReader.Markers markers :
        List.of(SectionReader.Markers.DEEPSEEK, SectionReader.Markers.KIMI)) {
      signs.addAll(
          List.of(markers.open(), markers.begin(), markers.ends().get(0), markers.close()));
    }
    signs.addAll(HarmonyReader.MARKERS);
    return signs;
  }

  private final Map<Integer, byte[]> signs;

  /** Cached, since constraints cache vocabulary data by its identity. */
  private @Nullable TokenBytes spelled;

  private @Nullable TokenBytes spelledAtBeginning;

  private SpelledSigns(Map<Integer, byte[]> signs) {
    this.signs = signs;
  }

  static SpelledSigns of(Tokenizer tokenizer) {
    Map<Integer, byte[]> signs = new LinkedHashMap<>();
    for (String sign : signs()) {
      int[] ids = tokenizer.encode(sign, false);
      if (ids.length == 1 && tokenizer.isSpecial(ids[0])) {
        signs.put(ids[0], sign.getBytes(StandardCharsets.UTF_8));
      }
    }
    return new SpelledSigns(signs);
  }

  boolean isEmpty() {
    return signs.isEmpty();
  }

  /** Returns a constraint in whose texts the markers are ordinary characters. */
  OutputConstraint spelling(OutputConstraint texts) {
    return isEmpty() ? texts : new Spelling(texts, this);
  }

  /** A constraint on texts in which special tokens that mark calls are spelled out. */
  private record Spelling(OutputConstraint texts, SpelledSigns signs) implements OutputConstraint {

    @Override
    public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
      return texts.begin(signs.spelled(vocabulary, atBeginning), atBeginning);
    }

    @Override
    public Optional<String> identity() {
      return texts.identity().map(identity -> identity + " with special tokens");
    }
  }

  private synchronized TokenBytes spelled(TokenBytes vocabulary, boolean atBeginning) {
    TokenBytes plain = atBeginning ? vocabulary.atBeginning() : vocabulary;
    TokenBytes kept = atBeginning ? spelledAtBeginning : spelled;
    if (kept == null || kept.size() != plain.size()) {
      List<byte[]> tokens = new ArrayList<>(plain.size());
      for (int id = 0; id < plain.size(); id++) {
        byte[] sign = signs.get(id);
        tokens.add(sign == null ? plain.bytes(id) : sign);
      }
      kept = TokenBytes.of(tokens);
      if (atBeginning) {
        spelledAtBeginning = kept;
      } else {
        spelled = kept;
      }
    }
    return kept;
  }
}
