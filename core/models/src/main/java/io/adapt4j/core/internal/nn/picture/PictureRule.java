package io.adapt4j.core.internal.nn.picture;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Rule by which the text model of a family reads pictures.
 *
 * @param tokenId token in place of a row of a picture where a token is needed
 * @param axes axis of each rotary frequency, 0 for time, 1 for height, 2 for width; empty if rows
 *     of pictures have positions like tokens
 * @param factor multiplies rows before they take their places
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PictureRule(int tokenId, int[] axes, Sight sight, double factor) {

  /** Which tokens of a prompt see later ones. */
  public enum Sight {
    /** None. */
    CAUSAL,
    /** Rows of pictures next to each other see each other, beyond sliding windows too. */
    PICTURE,
    /** All tokens of a prompt see each other, whether it has pictures or not. */
    PROMPT
  }

  /** Number of axes. */
  public static final int AXES = 3;

  private static final int[] PLAIN = {};

  /** Returns the rule of a model. */
  public static PictureRule of(ModelConfig model) {
    int token =
        Stream.of("image_token_id", "image_token_index")
            .map(model.toJson()::path)
            .filter(JsonNode::isInt)
            .mapToInt(JsonNode::intValue)
            .findFirst()
            .orElse(0);
    return switch (model.modelType()) {
      case "gemma3" -> new PictureRule(token, PLAIN, Sight.PICTURE, 1);
      // This family divides rows by what its text model multiplies all inputs with.
      case "paligemma" ->
          new PictureRule(
              token,
              PLAIN,
              Sight.PROMPT,
              Math.sqrt(model.text().fields().positiveInt("hidden_size", 2048)));
      default -> new PictureRule(token, axes(model), Sight.CAUSAL, 1);
    };
  }

  /** Reads the sections of rotary frequencies, side by side or interleaved. */
  private static int[] axes(ModelConfig model) {
    JsonNode json = model.toJson();
    JsonNode scaling =
        Stream.of(json.path("text_config"), json)
            .flatMap(text -> Stream.of(text.path("rope_scaling"), text.path("rope_parameters")))
            .filter(rope -> rope.path("mrope_section").size() == AXES)
            .findFirst()
            .orElse(json.path("none"));
    JsonNode sections = scaling.path("mrope_section");
    int[] axes = new int[sections.isMissingNode() ? 0 : sum(sections)];
    if (scaling.path("mrope_interleaved").asBoolean()) {
      for (int i = 0; i < axes.length; i++) {
        int axis = i % AXES;
        axes[i] = i < AXES * sections.get(axis).asInt() ? axis : 0;
      }
    } else {
      int end = 0;
      for (int axis = 0; axis < AXES && axes.length > 0; axis++) {
        int start = end;
        end += sections.get(axis).asInt();
        Arrays.fill(axes, start, end, axis);
      }
    }
    return axes;
  }

  private static int sum(JsonNode numbers) {
    int sum = 0;
    for (JsonNode number : numbers) {
      sum += Math.max(0, number.asInt());
    }
    return sum;
  }

  /** Returns whether rows have positions of their own, in height and width. */
  public boolean hasAxes() {
    return axes.length > 0;
  }
}
