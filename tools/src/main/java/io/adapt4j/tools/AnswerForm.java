package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.ToolTemplate;
import java.util.List;
import java.util.function.Function;

/** Format of a model's answers under its chat template. */
record AnswerForm(ToolFormat format, String named, boolean thinking, boolean mayThink) {

  /** Text only. */
  private static final AnswerForm TEXT = new AnswerForm(ToolFormat.HERMES, "", false, false);

  /**
   * Determines the format of a model's answers; forms finds the format of tools in the template.
   */
  static AnswerForm of(
      ChatTemplate template,
      List<ChatMessage> messages,
      ChatOptions options,
      Function<ChatOptions, ToolTemplate> forms) {
    boolean mayThink =
        template.sources().values().stream()
            .anyMatch(
                source ->
                    source.contains(HarmonyReader.MESSAGE)
                        || Thoughts.ALL.stream().anyMatch(all -> source.contains(all.close())));
    if (!mayThink && options.tools().isEmpty()) {
      return TEXT;
    }
    ToolTemplate form = forms.apply(options);
    if (!mayThink) {
      return new AnswerForm(ToolFormat.of(form.syntax()), form.named(), false, false);
    }
    ToolFormat format = ToolFormat.of(form.syntax());
    if (format == ToolFormat.HARMONY) {
      return new AnswerForm(format, form.named(), false, true);
    }
    String prompt =
        template.render(form.messages(messages, options), form.options(options)).stripTrailing();
    Thoughts thoughts = Thoughts.of(format);
    return new AnswerForm(
        format, form.named(), prompt.endsWith(thoughts.open()), !prompt.endsWith(thoughts.close()));
  }
}
