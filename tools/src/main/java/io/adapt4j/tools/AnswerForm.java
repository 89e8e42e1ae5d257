package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.ToolTemplate;
import java.util.List;

/**
 * How a model answers under its chat template.
 *
 * @param format how it writes calls
 * @param named what stands between name and arguments in {@link ToolFormat#MISTRAL}
 * @param thinking whether the prompt has begun a thought
 * @param mayThink whether the template knows thoughts
 */
record AnswerForm(ToolFormat format, String named, boolean thinking, boolean mayThink) {

  static AnswerForm of(ChatTemplate template, List<ChatMessage> messages, ChatOptions options) {
    ToolTemplate form = ToolTemplate.of(template, options);
    String prompt =
        template.render(form.messages(messages, options), form.options(options)).stripTrailing();
    boolean mayThink =
        template.sources().values().stream()
            .anyMatch(source -> source.contains(ThoughtSplitter.CLOSE));
    return new AnswerForm(
        ToolFormat.of(form.syntax()),
        form.named(),
        prompt.endsWith(ThoughtSplitter.OPEN),
        mayThink && !prompt.endsWith(ThoughtSplitter.CLOSE));
  }
}
