package io.adapt4j.tools;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;

/**
 * Reads {@code call:NAME{KEY:VALUE}} between Gemma's markers, whose texts have their own quotes.
 */
final class GemmaReader implements CallReader {

  private static final int MOST_CHARACTERS = 1 << 20;

  /** The markers of a model, and its quotation marks. */
  record Markers(String open, String close, String quote) {

    static final Markers GEMMA_4 = new Markers("<|tool_call>", "<tool_call|>", "<|\"|>");
    static final Markers FUNCTION_GEMMA =
        new Markers("<start_function_call>", "<end_function_call>", "<escape>");

    /** The markers with these quotation marks. */
    static Markers quoting(String quote) {
      return quote.equals(GEMMA_4.quote) ? GEMMA_4 : FUNCTION_GEMMA;
    }
  }

  private static final String CALL = "call:";

  private final Markers markers;
  private final Tools tools;
  private final AnswerBuilder answer;
  private final StringBuilder rest;
  private final StringBuilder current = new StringBuilder();
  private int textFrom = -1;
  private boolean complete;

  GemmaReader(String sign, Tools tools, AnswerBuilder answer) {
    this.rest = new StringBuilder(sign);
    this.markers = sign.equals(Markers.GEMMA_4.open) ? Markers.GEMMA_4 : Markers.FUNCTION_GEMMA;
    this.tools = tools;
    this.answer = answer;
  }

  @Override
  public Step accept(char c) {
    rest.append(c);
    current.append(c);
    if (rest.length() > MOST_CHARACTERS) {
      answer.problem(UnparsedCall.Reason.TOO_LONG);
      return Step.BROKEN;
    }
    String begin = current.substring(0, Math.min(current.length(), CALL.length()));
    if (!CALL.startsWith(begin)) {
      return Step.BROKEN;
    }
    if (c != '>') {
      return Step.MORE;
    }
    if (ends(markers.quote)
        && (textFrom < 0 || current.length() - textFrom >= markers.quote.length())) {
      textFrom = textFrom < 0 ? current.length() : -1;
    } else if (textFrom < 0 && ends(markers.close)) {
      current.setLength(current.length() - markers.close.length());
      return complete(current.toString().strip());
    }
    return Step.MORE;
  }

  private boolean ends(String marker) {
    int from = current.length() - marker.length();
    return from >= 0 && current.indexOf(marker, from) == from;
  }

  private Step complete(String call) {
    int brace = call.indexOf('{');
    if (brace < 0 || !call.endsWith("}")) {
      return Step.BROKEN;
    }
    Tool tool = tools.called(call.substring(CALL.length(), brace).strip(), answer);
    if (tool == null) {
      return Step.BROKEN;
    }
    ObjectNode arguments =
        Literals.gemma(call.substring(brace + 1, call.length() - 1), markers.quote);
    if (arguments == null) {
      answer.problem(UnparsedCall.Reason.INVALID_ARGUMENTS);
      return Step.BROKEN;
    }
    complete = answer.whole(tool, arguments);
    return complete ? Step.DONE : Step.BROKEN;
  }

  @Override
  public boolean finish() {
    return complete;
  }

  @Override
  public String rest() {
    return rest.toString();
  }

  @Override
  public boolean hasCall() {
    return complete;
  }
}
