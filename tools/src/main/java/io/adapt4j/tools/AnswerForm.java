package io.adapt4j.tools;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.ToolTemplate;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;
import java.util.stream.Stream;

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

  /** Whether a model has a token for a sign of calls or thoughts that is left out of texts. */
  static boolean hasSpecialSigns(LanguageModel model) {
    Tokenizer tokenizer = model.tokenizer();
    return Stream.of(
            ToolParser.TOOL_CALL,
            ToolParser.PYTHON_TAG,
            ToolParser.TOOL_CALLS,
            MistralReader.ARGUMENTS,
            ThoughtSplitter.OPEN)
        .map(sign -> tokenizer.encode(sign, false))
        .anyMatch(ids -> ids.length == 1 && tokenizer.isSpecial(ids[0]));
  }
}
