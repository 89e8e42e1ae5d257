package io.adapt4j.core.chat;

import java.util.List;
import java.util.Map;

/** Chat templates of the kinds that are in use, written for these tests. */
final class TestTemplates {

  /** Every message between signs, and a line feed after each. */
  static final String SIGNS =
      """
      {% for m in messages %}
      {{ '<|' ~ m.role ~ '|>\\n' ~ m.content ~ '<|end|>\\n' }}
      {%- endfor %}
      {% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}
      """;

  /** As {@link #SIGNS}, with an end token where no answer is to come. */
  static final String ENDED =
      SIGNS.replace("{% endif %}\n", "{% else %}{{ '<|stop|>' }}{% endif %}\n");

  /** Brackets around what users say, nothing before answers, and only alternating roles. */
  static final String BRACKETS =
      """
      {{ bos_token }}
      {%- for m in messages %}
          {%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}
              {{- raise_exception('roles must alternate') }}
          {%- endif %}
          {%- if m.role == 'user' %}
              {{- '[ASK] ' ~ m.content ~ ' [/ASK]' }}
          {%- else %}
              {{- m.content ~ eos_token }}
          {%- endif %}
      {%- endfor %}
      """;

  /** Thoughts are kept in the last answer only, and an answer without any gets an empty one. */
  static final String THINKING =
      """
      {%- for m in messages %}
          {%- set text = m.content or '' %}
          {%- if m.role == 'assistant' %}
              {%- set thought = '' %}
              {%- if '</think>' in text %}
                  {%- set thought = text.split('</think>')[0].split('<think>')[-1] %}
                  {%- set text = text.split('</think>')[-1] %}
              {%- endif %}
              {%- if loop.last %}
                  {%- set text = '<think>' ~ thought ~ '</think>' ~ text %}
              {%- endif %}
              {{- '<|assistant|>' ~ text }}
              {%- for call in m.tool_calls or [] %}
                  {{- '<call>' ~ call.name ~ '</call>' }}
              {%- endfor %}
              {{- '<|end|>\\n' }}
          {%- else %}
              {{- '<|' ~ m.role ~ '|>' ~ text ~ '<|end|>\\n' }}
          {%- endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}
      """;

  static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");

  private TestTemplates() {}

  static ChatTemplate template(String source) {
    return ChatTemplate.of(source, TOKENS);
  }

  /** What the model is to learn of a conversation, part by part. */
  static List<String> learned(RenderedChat chat) {
    return chat.assistantSpans().stream()
        .map(span -> chat.text().substring(span.start(), span.end()))
        .toList();
  }
}
