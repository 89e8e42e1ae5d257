package io.adapt4j.tools;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads a call between tags, as JSON or as XML. */
final class TaggedReader implements CallReader {

  private static final String END = "</tool_call>";

  private final StringBuilder rest;
  private final @Nullable JsonCall json;
  private final @Nullable XmlCall xml;
  private final Expected end;
  private boolean begun;
  private boolean complete;

  private TaggedReader(String sign, String end, @Nullable JsonCall json, @Nullable XmlCall xml) {
    this.end = new Expected(end);
    this.rest = new StringBuilder(sign);
    this.json = json;
    this.xml = xml;
  }

  static TaggedReader json(String sign, Tools tools, AnswerBuilder answer) {
    return new TaggedReader(sign, END, JsonCall.of(tools, answer), null);
  }

  static TaggedReader xml(String sign, XmlCall.Tags tags, Tools tools, AnswerBuilder answer) {
    return new TaggedReader(sign, tags.end(), null, new XmlCall(sign, tags, tools, answer));
  }

  @Override
  public Step accept(char c) {
    rest.append(c);
    if (complete) {
      return atEnd(c);
    }
    if (!begun && Character.isWhitespace(c)) {
      return Step.MORE;
    }
    if (!begun && json != null && c != '{') {
      return Step.BROKEN;
    }
    begun = true;
    JsonCall.Step step = json != null ? json.accept(c) : xml().accept(c);
    if (step == JsonCall.Step.BROKEN) {
      return Step.BROKEN;
    }
    if (step == JsonCall.Step.COMPLETE) {
      complete = true;
      rest.setLength(0);
      if (json != null && json.leftOne()) {
        rest.append(c);
        return atEnd(c);
      }
    }
    return Step.MORE;
  }

  private XmlCall xml() {
    return Objects.requireNonNull(xml);
  }

  private Step atEnd(char c) {
    if (!end.accept(c)) {
      return Step.LEFT;
    }
    if (end.complete().isEmpty()) {
      return Step.MORE;
    }
    rest.setLength(0);
    return Step.DONE;
  }

  @Override
  public boolean finish() {
    if (!complete) {
      complete = json != null ? json.finish() : xml().finish();
      if (complete) {
        rest.setLength(0);
      }
    }
    // A partial end tag is not reported.
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
