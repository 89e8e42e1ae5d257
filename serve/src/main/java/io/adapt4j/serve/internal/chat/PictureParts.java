package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.download.PublicDownload;
import io.adapt4j.serve.internal.http.Body;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import io.adapt4j.serve.vision.PictureModel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;

/** The pictures among the content parts of a request, in their order. */
public final class PictureParts {

  /** Maximum size of a body with pictures, unless the server's limit is higher. */
  static final int MOST_BYTES = 16 << 20;

  private static final int MOST = 16;
  private static final Pattern REMOTE = Pattern.compile("https?:", Pattern.CASE_INSENSITIVE);
  private static final int LONGEST_TYPE = 100;
  private static final String URL = "image_url";
  private static final Set<String> TYPES = Set.of(URL, "input_image");

  private static final Duration LONGEST_DOWNLOAD = Duration.ofSeconds(20);

  private final Optional<PictureModel> model;
  private final List<PictureModel.Attached> pictures = new ArrayList<>();

  /** URLs of pictures that are not here yet, by their places. */
  private final Map<Integer, String> urls = new TreeMap<>();

  private final Optional<PublicDownload> download;

  private final boolean areTaken;

  PictureParts(Optional<PictureModel> model, boolean areTaken, Optional<PublicDownload> download) {
    this.model = model;
    this.download = download;
    this.areTaken = areTaken;
  }

  /** Begins to read the pictures of a request, which are refused unless its model reads them. */
  public static PictureParts of(Models models, Call call) {
    Optional<PictureModel> model = models.pictureModel(call.model().orElseThrow());
    return new PictureParts(model, model.isPresent(), models.pictureUrls());
  }

  /** Begins to read a conversation of texts. */
  public static PictureParts none() {
    return new PictureParts(Optional.empty(), false, Optional.empty());
  }

  /** Begins to check a conversation that some model will answer later. */
  public static PictureParts unanswered() {
    return new PictureParts(Optional.empty(), true, Optional.empty());
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
    if ((download.isPresent() || model.isEmpty()) && REMOTE.matcher(url.textValue()).lookingAt()) {
      urls.put(pictures.size(), url.textValue());
      pictures.add(new PictureModel.Attached(name, new byte[0]));
    } else {
      pictures.add(new PictureModel.Attached(name, bytes(name, url.textValue())));
    }
  }

  /** Downloads the pictures that have URLs. */
  void download(Call call, AnswerPool answering, boolean streams) throws IOException {
    if (!urls.isEmpty()) {
      call.endTurn(); // waiting for other servers is no work
      answering.prepare(
          call,
          streams,
          (onText, cancellation) -> {
            downloadAll(cancellation);
            return urls;
          },
          "messages");
    }
  }

  /** Downloads them one after the other, within one limit of time and one of size. */
  void downloadAll(CancellationToken cancellation) {
    long end = System.nanoTime() + LONGEST_DOWNLOAD.toNanos();
    int left = MOST_BYTES;
    for (Map.Entry<Integer, String> remote : urls.entrySet()) {
      String name = pictures.get(remote.getKey()).name();
      if (cancellation.isCancelled()) {
        throw new CancellationException("the request was cancelled");
      }
      try {
        Duration time = Duration.ofNanos(end - System.nanoTime());
        byte[] bytes = download.orElseThrow().get(remote.getValue(), left, time);
        left -= bytes.length;
        pictures.set(remote.getKey(), new PictureModel.Attached(name, bytes));
      } catch (IOException e) {
        throw Fault.parameter(
            name, e.getMessage() + ". Send the picture itself, as data:image/png;base64,...");
      }
    }
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
