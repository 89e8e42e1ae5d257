package io.adapt4j.tools;

import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Parses the streamed text of an answer into thoughts, text and calls. It never fails: anything
 * that is not a call of one of the tools, with an object as its arguments, is text. The division of
 * the text into pieces does not matter. Not thread-safe; for a single answer.
 *
 * <p>White space around calls is dropped. A call is limited to a million characters.
 */
public final class ToolParser {

  static final String TOOL_CALL = "<tool_call>";
  static final String PYTHON_TAG = "<|python_tag|>";
  static final String TOOL_CALLS = "[TOOL_CALLS]";
  static final String START_ACTION = "<|START_ACTION|>";
  static final String END_ACTION = "<|END_ACTION|>";
  static final String MINIMAX_CALL = "<minimax:tool_call>";

  /** Markers around the text of Command R7B. */
  private static final List<String> RESPONSE = List.of("<|START_RESPONSE|>", "<|END_RESPONSE|>");

  /** First characters of markers. */
  private static final String FIRST = "<[{";

  private final ToolFormat format;
  private final Tools tools;
  private final AnswerBuilder answer;
  private final ThoughtSplitter thoughts;
  private final StringBuilder space = new StringBuilder();
  private final StringBuilder sign = new StringBuilder();
  private final HarmonyReader harmony;
  private @Nullable CallReader reader;
  private boolean bare;
  private boolean finished;

  private ToolParser(
      ToolFormat format,
      Tools tools,
      boolean thinking,
      Supplier<String> ids,
      Consumer<ToolEvent> onEvent) {
    this.format = format;
    this.tools = tools;
    this.answer = new AnswerBuilder(ids, onEvent);
    this.thoughts =
        new ThoughtSplitter(Thoughts.of(format), thinking, answer::thinking, this::text);
    this.harmony = new HarmonyReader(tools, answer);
  }

  /**
   * Creates a parser.
   *
   * @param format format of calls
   * @param tools the available tools; without any there are no calls
   * @param thinking whether the prompt ends with {@code <think>}, so that the answer begins with a
   *     thought
   * @param onEvent receives the parts of the answer, during {@link #accept} and {@link #finish}
   * @return the parser
   * @throws IllegalArgumentException if two tools have the same name
   */
  public static ToolParser of(
      ToolFormat format, Collection<Tool> tools, boolean thinking, Consumer<ToolEvent> onEvent) {
    Objects.requireNonNull(format, "format");
    Objects.requireNonNull(onEvent, "onEvent");
    return new ToolParser(format, new Tools(tools), thinking, new CallIds(), onEvent);
  }

  /**
   * Adds the next piece of the text.
   *
   * @param piece the piece
   * @throws IllegalStateException after {@link #finish}
   */
  public void accept(String piece) {
    if (finished) {
      throw new IllegalStateException("the answer has ended; use another parser for the next");
    }
    for (int i = 0; i < piece.length(); i++) {
      if (format == ToolFormat.HARMONY) {
        harmony.accept(piece.charAt(i));
      } else {
        thoughts.accept(piece.charAt(i));
      }
    }
    answer.flush();
  }

  /**
   * Ends the text.
   *
   * @return the parsed answer
   */
  public ParsedAnswer finish() {
    if (!finished) {
      finished = true;
      if (format == ToolFormat.HARMONY) {
        harmony.finish();
      }
      thoughts.finish();
      CallReader open = reader;
      if (open != null) {
        reader = null;
        boolean begun = answer.hasOpenCall();
        if (open.finish()) {
          space.setLength(0);
        } else {
          tellAsText(open, begun);
        }
      }
      space.append(sign);
      if (!answer.hasCalls() || !space.toString().isBlank()) {
        answer.text(space);
      }
      answer.flush();
    }
    return answer.answer();
  }

  private void text(char c) {
    CallReader open = reader;
    if (open == null) {
      outside(c);
      return;
    }
    switch (open.accept(c)) {
      case MORE -> {}
      case DONE -> {
        reader = null;
        space.setLength(0);
      }
      case LEFT -> {
        reader = null;
        spaceBefore(open);
        again(open.rest());
      }
      case BROKEN -> {
        reader = null;
        // The last character may begin a call.
        String rest = open.rest();
        spaceBefore(open);
        answer.text(space);
        String broken = rest.substring(0, rest.length() - 1);
        answer.text(broken);
        space.setLength(0);
        if (!bare || answer.hasProblem()) {
          answer.unparsed(broken, UnparsedCall.Reason.INVALID_SYNTAX);
        }
        outside(c);
      }
    }
  }

  private void again(String rest) {
    for (int i = 0; i < rest.length(); i++) {
      outside(rest.charAt(i));
    }
  }

  /** White space before a call is dropped. */
  private void spaceBefore(CallReader closed) {
    if (closed.hasCall()) {
      space.setLength(0);
    }
  }

  private void tellAsText(CallReader closed, boolean begun) {
    spaceBefore(closed);
    answer.text(space);
    space.setLength(0);
    answer.text(closed.rest());
    if (!bare || begun) {
      answer.unparsed(closed.rest(), UnparsedCall.Reason.CUT_OFF);
    }
  }

  /**
   * Accepts a character outside calls. A possible beginning of a call is held back, and space
   * before it.
   */
  private void outside(char c) {
    if (sign.isEmpty() && FIRST.indexOf(c) < 0) {
      plain(c);
      return;
    }
    sign.append(c);
    while (!sign.isEmpty()) {
      String held = sign.toString();
      List<String> signs = signs();
      if (signs.contains(held)) {
        sign.setLength(0);
        if (RESPONSE.contains(held)) {
          return;
        }
        bare = held.length() == 1;
        reader = reader(held);
        return;
      }
      if (signs.stream().anyMatch(known -> known.startsWith(held))) {
        return;
      }
      char first = sign.charAt(0);
      sign.deleteCharAt(0);
      plain(first);
    }
  }

  private void plain(char c) {
    if (isSpace(c)) {
      space.append(c);
      return;
    }
    if (!space.isEmpty()) {
      answer.text(space);
      space.setLength(0);
    }
    answer.text(String.valueOf(c));
  }

  private boolean isSpace(char c) {
    boolean between = format == ToolFormat.LLAMA && c == ';' && answer.hasCalls();
    return Character.isWhitespace(c) || (between && answer.saysNothing());
  }

  /** Markers that begin calls. */
  private List<String> signs() {
    if (tools.isEmpty()) {
      return format == ToolFormat.COMMAND_R ? RESPONSE : List.of();
    }
    return switch (format) {
      case HERMES, GLM -> List.of(TOOL_CALL);
      case QWEN_XML -> List.of(TOOL_CALL, XmlCall.Tags.QWEN.function());
      case MINIMAX -> List.of(MINIMAX_CALL, XmlCall.Tags.MINIMAX.function());
      case DEEPSEEK -> signs(SectionReader.Markers.DEEPSEEK);
      case KIMI -> signs(SectionReader.Markers.KIMI);
      case COMMAND_R -> List.of(START_ACTION, RESPONSE.get(0), RESPONSE.get(1));
      case PYTHONIC ->
          answer.saysNothing()
              ? List.of(PythonReader.LFM2, PythonReader.LLAMA, PythonReader.LIST)
              : List.of(PythonReader.LFM2, PythonReader.LLAMA);
      case GEMMA ->
          List.of(GemmaReader.Markers.GEMMA_4.open(), GemmaReader.Markers.FUNCTION_GEMMA.open());
      case HARMONY -> List.of();
      case LLAMA -> answer.saysNothing() ? List.of(PYTHON_TAG, "{") : List.of(PYTHON_TAG);
      case MISTRAL_LIST, MISTRAL -> List.of(TOOL_CALLS);
    };
  }

  private static List<String> signs(SectionReader.Markers markers) {
    return List.of(markers.open(), markers.begin());
  }

  private CallReader reader(String found) {
    return switch (format) {
      case HERMES -> TaggedReader.json(found, tools, answer);
      case QWEN_XML -> TaggedReader.xml(found, XmlCall.Tags.QWEN, tools, answer);
      case MINIMAX -> TaggedReader.xml(found, XmlCall.Tags.MINIMAX, tools, answer);
      case DEEPSEEK -> new SectionReader(found, SectionReader.Markers.DEEPSEEK, tools, answer);
      case KIMI -> new SectionReader(found, SectionReader.Markers.KIMI, tools, answer);
      case COMMAND_R -> new MistralReader(found, END_ACTION, tools, answer);
      case PYTHONIC -> new PythonReader(found, tools, answer);
      case GEMMA -> new GemmaReader(found, tools, answer);
      case HARMONY -> throw new IllegalStateException("messages have their own reader");
      case GLM -> new KeyedReader(found, tools, answer);
      case LLAMA -> new BareReader(found, tools, answer);
      case MISTRAL_LIST, MISTRAL -> new MistralReader(found, "", tools, answer);
    };
  }
}
