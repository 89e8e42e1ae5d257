package io.adapt4j.core.internal.chat;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A syntax of calls that is not JSON with a name, and the text of it that differs by model. */
record CallSyntax(ToolSyntax syntax, String named) {

  private static final String FUNCTION_GEMMA = "<escape>";
  private static final String GEMMA_4 = "<|\"|>";

  /** Detects the syntax from the text before and after the name; null if it is another one. */
  static @Nullable CallSyntax of(String before, String after, String key, String value) {
    String json = "\\{\\s*\"" + key + "\"\\s*:\\s*\"" + value + "\"\\s*\\}";
    if (before.endsWith("<｜tool▁call▁begin｜>")
        || before.endsWith("<｜tool▁call▁begin｜>function<｜tool▁sep｜>")) {
      Matcher matcher =
          Pattern.compile("(<｜tool▁sep｜>|\\s*```json\\s*)" + json + ".*", Pattern.DOTALL)
              .matcher(after);
      return matcher.matches() ? new CallSyntax(ToolSyntax.DEEPSEEK, matcher.group(1)) : null;
    }
    if (before.endsWith("to=functions.") && after.contains("<|message|>")) {
      return new CallSyntax(ToolSyntax.HARMONY, "");
    }
    if (before.endsWith("<invoke name=\"")) {
      return after.contains("<parameter name=\"" + key + "\">" + value + "</parameter>")
          ? new CallSyntax(ToolSyntax.MINIMAX, "")
          : null;
    }
    if (before.endsWith("[")
        && Pattern.compile("\\(\\s*" + key + "\\s*=\\s*[\"']" + value + "[\"'].*", Pattern.DOTALL)
            .matcher(after)
            .matches()) {
      String marker = "<|tool_call_start|>";
      return new CallSyntax(ToolSyntax.PYTHONIC, before.endsWith(marker + "[") ? marker : "");
    }
    for (String quote : new String[] {FUNCTION_GEMMA, GEMMA_4}) {
      if (before.endsWith("call:") && after.startsWith("{" + key + ":" + quote + value + quote)) {
        return new CallSyntax(ToolSyntax.GEMMA, quote);
      }
    }
    return null;
  }
}
