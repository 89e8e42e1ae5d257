package io.adapt4j.vision.internal.training;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.internal.nn.picture.PictureTraining;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.tower.PictureTower;
import io.adapt4j.vision.internal.tower.Towers;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Training on the pictures of rows, with the family's processor. Thread-safe. */
public final class TrainingPictures implements PictureTraining {

  /** The processor adds what stands between prompt and answer. */
  private static final String PREFIX_AND_SUFFIX =
      """
      {%- macro text(content) -%}
        {%- if content is string -%}{{ content }}{%- else -%}
          {%- for part in content -%}
            {{- '<image>' if part['type'] == 'image' else part['text'] -}}
          {%- endfor -%}
        {%- endif -%}
      {%- endmacro -%}
      {%- for message in messages -%}
        {%- if message['role'] == 'assistant' -%}
          {%- generation -%}{{- text(message['content']) + eos_token -}}{%- endgeneration -%}
        {%- else -%}{{- text(message['content']) -}}{%- endif -%}
      {%- endfor -%}""";

  private final ModelConfig config;
  private final PictureRegister pictures;

  /** Creates the training on an empty set of pictures. */
  public TrainingPictures(ModelConfig config, PictureProcessor processor, Map<String, ?> options) {
    this.config = config;
    this.pictures = new PictureRegister(config, processor, options);
  }

  /** Returns a tower that adapters attach to, for a model that does not train. */
  public static PictureEncoder around(
      PictureTower tower, ModelConfig config, PictureProcessor processor) {
    return new TrainedTower(new PictureRegister(config, processor, Map.of()), tower);
  }

  PictureRegister register() {
    return pictures;
  }

  @Override
  public Optional<ChatTemplate> template() {
    return pictures.hasSuffixes()
        ? Optional.of(ChatTemplate.of(PREFIX_AND_SUFFIX, Map.of()))
        : Optional.empty();
  }

  @Override
  public PictureTokens tokens(Tokenizer tokenizer, ChatTemplate template) {
    ChatMessage alone =
        ChatMessage.of(Map.of("role", "user", "content", List.of(Map.of("type", "image"))));
    ChatEncoder encoder = new ChatEncoder(tokenizer, template);
    return new MarkedTokens(
        pictures, tokenizer, () -> encoder.render(List.of(alone), ChatOptions.defaults()));
  }

  @Override
  public PictureEncoder declare() {
    return new TrainedTower(pictures, Towers.declare(config));
  }
}
