package io.adapt4j.tools;

/** Reads a call that is the whole answer, optionally after {@code <|python_tag|>}. */
final class BareReader implements CallReader {

  private final StringBuilder rest;
  private final JsonCall call;
  private boolean begun;
  private boolean complete;

  BareReader(String sign, Tools tools, AnswerBuilder answer) {
    this.rest = new StringBuilder(sign);
    this.call = JsonCall.of(tools, answer);
    if (sign.equals("{")) {
      begun = true;
      call.accept('{');
    }
  }

  @Override
  public Step accept(char c) {
    rest.append(c);
    if (!begun && Character.isWhitespace(c)) {
      return Step.MORE;
    }
    if (!begun && c != '{') {
      return Step.BROKEN;
    }
    begun = true;
    return switch (call.accept(c)) {
      case MORE -> Step.MORE;
      case BROKEN -> Step.BROKEN;
      case COMPLETE -> {
        complete = true;
        rest.setLength(0);
        if (!call.leftOne()) {
          yield Step.DONE;
        }
        rest.append(c);
        yield Step.LEFT;
      }
    };
  }

  @Override
  public boolean finish() {
    complete = call.finish();
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
