package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.serve.internal.http.Body;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import io.adapt4j.serve.vision.PictureModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The pictures among the content parts of a request, in their order. */
public final class PictureParts {

  /** Maximum size of a body with pictures, unless the server's limit is higher. */
  static final int MOST_BYTES = 16 << 20;

  private static final int MOST = 16;
  private static final int LONGEST_TYPE = 100;
  private static final String URL = "image_url";
  private static final Set<String> TYPES = Set.of(URL, "input_image");

  private final Optional<PictureModel> model;
  private final List<PictureModel.Attached> pictures = new ArrayList<>();

  private final boolean areTaken;

  private PictureParts(Optional<PictureModel> model, boolean areTaken) {
    this.model = model;
    this.areTaken = areTaken;
  }

  /** Begins to read the pictures of a request, which are refused unless its model reads them. */
  public static PictureParts of(Models models, Call call) {
    Optional<PictureModel> model = models.pictureModel(call.model().orElseThrow());
    return new PictureParts(model, model.isPresent());
  }

  /** Begins to read a conversation of texts. */
  public static PictureParts none() {
    return new PictureParts(Optional.empty(), false);
  }

  /** Begins to check a conversation that some model will answer later. */
  public static PictureParts unanswered() {
    return new PictureParts(Optional.empty(), true);
  }

  /** Reads a body, which may be longer if a model reads pictures. */
  public static Parameters body(Call call, Models models, Limits limits) throws IOException {
    int most =
        models.readsPictures() ? Math.max(MOST_BYTES, limits.bodyBytes()) : limits.bodyBytes();
    return new Parameters(Body.read(call, limits.withBodyBytes(most)));
  }

  Optional<PictureModel> model() {
    return model;
  }

  List<PictureModel.Attached> pictures() {
    return pictures;
  }

  public boolean isEmpty() {
    return pictures.isEmpty();
  }

  /** Returns whether a content part is a picture. */
  static boolean isPicture(JsonNode part) {
    return TYPES.contains(part.path("type").asText());
  }

  /** Reads a picture. */
  void add(String at, JsonNode part) {
    if (!areTaken) {
      throw Fault.unsupported(
          at, "this model reads no pictures. Leave them out, or ask a model that reads them.");
    }
    if (pictures.size() == MOST) {
      throw Fault.parameter(
          at, "expected at most " + MOST + " pictures in a request. Send fewer, or smaller turns.");
    }
    JsonNode given = part.path(URL);
    boolean isObject = given.isObject();
    String name = at + "." + URL + (isObject ? ".url" : "");
    JsonNode url = isObject ? given.path("url") : given;
    if (!url.isTextual()) {
      throw Fault.parameter(name, "expected a data URL such as data:image/png;base64,...");
    }
    pictures.add(new PictureModel.Attached(name, bytes(name, url.textValue())));
  }

  private static byte[] bytes(String name, String url) {
    int comma = url.indexOf(',');
    String head =
        comma < 0 || comma > LONGEST_TYPE ? "" : url.substring(0, comma).toLowerCase(Locale.ROOT);
    if (!head.startsWith("data:image/") || !head.endsWith(";base64")) {
      throw Fault.parameter(
          name,
          "this server loads no pictures from elsewhere. Send the picture itself, as"
              + " data:image/png;base64,... ; found '"
              + (url.length() > 40 ? url.substring(0, 40) + "..." : url)
              + "'");
    }
    try {
      return Base64.getDecoder().decode(url.substring(comma + 1));
    } catch (IllegalArgumentException e) {
      throw Fault.parameter(name, "expected base64 after the comma: " + e.getMessage());
    }
  }
}
