package io.adapt4j.tools;

import io.adapt4j.structured.TextConstraint;
import java.util.List;
import java.util.Optional;

/** Grammar of gpt-oss' answers: thoughts, then text or a call. */
final class HarmonyGrammar {

  private static final String NEXT = HarmonyReader.START + HarmonyReader.ASSISTANT;

  private HarmonyGrammar() {}

  /** A call, which ends an answer. */
  static TextConstraint calls(List<Tool> tools) {
    return TextConstraint.sequence(thoughts(), call(tools));
  }

  static TextConstraint textOrCalls(List<Tool> tools, Optional<TextConstraint> text) {
    TextConstraint said = text.orElse(TextConstraint.textWithout(HarmonyReader.CHANNEL));
    return TextConstraint.sequence(
        thoughts(),
        message("commentary").optional(),
        TextConstraint.alternatives(finalMessage(said), call(tools)));
  }

  /** Text under a constraint. */
  static TextConstraint text(TextConstraint text) {
    return TextConstraint.sequence(thoughts(), finalMessage(text));
  }

  private static TextConstraint thoughts() {
    return message("analysis").optional();
  }

  /** A message after which another one begins. */
  private static TextConstraint message(String channel) {
    return TextConstraint.sequence(
        literal(HarmonyReader.CHANNEL + channel + HarmonyReader.MESSAGE),
        TextConstraint.textUntil(HarmonyReader.END),
        literal(NEXT));
  }

  private static TextConstraint finalMessage(TextConstraint text) {
    return TextConstraint.sequence(
        literal(HarmonyReader.CHANNEL + "final" + HarmonyReader.MESSAGE), text);
  }

  private static TextConstraint call(List<Tool> tools) {
    TextConstraint[] each =
        tools.stream()
            .map(
                tool ->
                    TextConstraint.sequence(
                        head(tool), JsonArguments.of(tool), literal(HarmonyReader.CALL).optional()))
            .toArray(TextConstraint[]::new);
    return TextConstraint.alternatives(each);
  }

  /** The recipient may be in the channel, as the model prefers, or before it. */
  private static TextConstraint head(Tool tool) {
    String to = " to=" + HarmonyReader.FUNCTIONS + tool.name();
    String json = HarmonyReader.CONSTRAIN + "json" + HarmonyReader.MESSAGE;
    return TextConstraint.alternatives(
        literal(HarmonyReader.CHANNEL + "commentary" + to + " " + json),
        literal(to + HarmonyReader.CHANNEL + "commentary " + json),
        literal(to + HarmonyReader.CHANNEL + "commentary json" + HarmonyReader.MESSAGE));
  }

  private static TextConstraint literal(String text) {
    return TextConstraint.literal(text);
  }
}
