package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.StallGuard;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Client of the Hub's protocol for one repository, with one attempt per call. Failures that may be
 * retried are {@link IOException}s, permanent ones {@link HubException}s.
 */
final class HubClient {

  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final int MOST_REDIRECTS = 10;

  /** Maximum size of a listing; one of a hundred thousand files has about half of this. */
  private static final int MAX_LISTING_BYTES = 32 << 20;

  /** Maximum duration of a listing, in read timeouts. */
  private static final int MAX_LISTING_TIME = 10;

  private final HttpClient http;
  private final HubSettings settings;
  private final RepositoryId repository;
  private final HttpErrors errors;
  private final URI endpoint;

  HubClient(HttpClient http, HubSettings settings, RepositoryId repository) {
    this.http = http;
    this.settings = settings;
    this.repository = repository;
    this.errors = new HttpErrors(settings, repository);
    this.endpoint = URI.create(settings.endpoint());
  }

  /** A file's content hash or other ETag, and its size, -1 if unknown. */
  record RemoteFile(String etag, long size) {}

  /** Requests a revision's commit and files. */
  Listing listing(String revision) throws IOException {
    URI address =
        URI.create(
            "%s/%s/revision/%s?blobs=true"
                .formatted(settings.endpoint(), repository.api(), encode(revision)));
    HttpResponse<InputStream> response = send("GET", address, -1, false);
    AnswerLimit limit = new AnswerLimit(address.toString(), MAX_LISTING_BYTES, "");
    Duration total = settings.readTimeout().multipliedBy(MAX_LISTING_TIME);
    try (StallGuard guard = SnapshotDownload.guard(settings);
        InputStream body =
            limit.bound(guard.guard(response.body()), total, total, "Hub.Builder.readTimeout")) {
      if (response.statusCode() != 200) {
        throw errors.explain(response.statusCode(), response.headers(), revision, "");
      }
      return Listing.ofApi(repository, body);
    }
  }

  /** Requests a file's ETag and size without its content. */
  RemoteFile metadata(String commit, String file) throws IOException {
    // The redirect to a content server already contains all metadata of the file.
    HttpResponse<InputStream> response = send("HEAD", address(commit, file), -1, true);
    response.body().close();
    HttpHeaders headers = response.headers();
    if (response.statusCode() != 200 && !REDIRECTS.contains(response.statusCode())) {
      throw errors.explain(response.statusCode(), headers, commit, file);
    }
    String found = headers.firstValue("X-Repo-Commit").orElse(commit);
    if (!found.equals(commit)) {
      throw new HubException(
          "%s: %s: asked for commit %s, the server answered for %s. Check HF_ENDPOINT (%s)"
              .formatted(repository, file, commit, settings.shown(found), settings.endpoint()));
    }
    String etag =
        headers
            .firstValue("X-Linked-Etag")
            .or(() -> headers.firstValue("ETag"))
            .map(HubClient::unquoted)
            .orElseThrow(
                () ->
                    new HubException(
                        ("%s: %s: the server's answer has no ETag. Check HF_ENDPOINT (%s) and"
                                + " proxies")
                            .formatted(repository, file, settings.endpoint())));
    boolean here = response.statusCode() == 200;
    long size =
        headers
            .firstValueAsLong("X-Linked-Size")
            .orElseGet(() -> here ? headers.firstValueAsLong("Content-Length").orElse(-1) : -1);
    return new RemoteFile(Names.requireEtag(repository, file, etag), size);
  }

  /**
   * Opens a file's content from an offset. Each call starts at the Hub, since addresses of content
   * servers expire. The caller closes the body and checks the status: 200 is the whole file, 206
   * the requested range, 416 an offset beyond the end of the file.
   */
  HttpResponse<InputStream> open(String commit, String file, long from) throws IOException {
    HttpResponse<InputStream> response = send("GET", address(commit, file), from, false);
    int status = response.statusCode();
    if (status != 200 && status != 206 && status != 416) {
      response.body().close();
      throw errors.explain(status, response.headers(), commit, file);
    }
    return response;
  }

  private URI address(String commit, String file) {
    String path =
        Arrays.stream(file.split("/")).map(HubClient::encode).collect(Collectors.joining("/"));
    return URI.create(
        settings.endpoint() + "/" + repository.page() + "/resolve/" + commit + "/" + path);
  }

  /** Sends a request and follows redirects, sending the token only to the Hub itself. */
  private HttpResponse<InputStream> send(String method, URI first, long from, boolean stayAtHub)
      throws IOException {
    URI address = first;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      HttpResponse<InputStream> response = exchange(request(method, address, from));
      if (!REDIRECTS.contains(response.statusCode())) {
        return response;
      }
      URI next = target(address, response);
      if (stayAtHub && !isHub(next)) {
        return response;
      }
      response.body().close();
      address = next;
    }
    throw new HubException(
        "%s: more than %s redirects from %s. Check HF_ENDPOINT (%s)"
            .formatted(repository, MOST_REDIRECTS, first, settings.endpoint()));
  }

  private HttpRequest request(String method, URI address, long from) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(settings.readTimeout())
            .header("User-Agent", "adapt4j; java/" + Runtime.version().feature())
            .header("Accept-Encoding", "identity");
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    if (isHub(address)) {
      settings.token().ifPresent(t -> request.header("Authorization", "Bearer " + t.value()));
    }
    return request.build();
  }

  private HttpResponse<InputStream> exchange(HttpRequest request) throws IOException {
    try {
      return http.send(request, BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Retries.interrupted("the download", e);
    }
  }

  private URI target(URI from, HttpResponse<?> response) {
    String location = response.headers().firstValue("Location").orElse("");
    URI target;
    try {
      target = from.resolve(location);
    } catch (IllegalArgumentException e) {
      // Without the cause, whose message quotes the unfiltered location.
      throw badRedirect(from, location, "which is no address");
    }
    String scheme = String.valueOf(target.getScheme()).toLowerCase(Locale.ROOT);
    if (location.isBlank() || target.getHost() == null || !scheme.matches("https?")) {
      throw badRedirect(from, location, "which is no web address");
    }
    if (scheme.equals("http") && from.getScheme().equalsIgnoreCase("https")) {
      throw badRedirect(from, location, "which is not encrypted");
    }
    return target;
  }

  private HubException badRedirect(URI from, String location, String problem) {
    return new HubException(
        "%s: %s redirects to '%s', %s. Check HF_ENDPOINT and proxies"
            .formatted(
                repository,
                Secrets.hideInAddresses(from.toString()),
                settings.shown(location),
                problem));
  }

  private boolean isHub(URI address) {
    return endpoint.getScheme().equalsIgnoreCase(address.getScheme())
        && endpoint.getHost().equalsIgnoreCase(address.getHost())
        && port(endpoint) == port(address);
  }

  private static int port(URI address) {
    if (address.getPort() >= 0) {
      return address.getPort();
    }
    return address.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  private static String unquoted(String etag) {
    String strong = etag.startsWith("W/") ? etag.substring(2) : etag;
    return strong.replaceAll("^\"+|\"+$", "");
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }
}
