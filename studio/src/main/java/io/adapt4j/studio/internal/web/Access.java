package io.adapt4j.studio.internal.web;

import io.adapt4j.studio.internal.Refusal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Decides who may send requests: a browser that has opened the link with the token, on pages of
 * this server only. The link's token is exchanged for a cookie, so that no address that is kept in
 * a history or shown on a screen opens the studio to others.
 */
public final class Access {

  private static final Set<String> LOCAL_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String token;
  private final String session = randomToken();
  private final String cookie;
  private final String path;
  private final boolean local;
  private final boolean trusting;

  /** Creates the rules. */
  public Access(String token, int port, String context, boolean local) {
    this.token = token;
    this.cookie = "adapt4j_studio_" + port;
    this.path = context;
    this.local = local;
    this.trusting = false;
  }

  private Access() {
    this.token = randomToken();
    this.cookie = "";
    this.path = "/";
    this.local = false;
    this.trusting = true;
  }

  /** Returns the rules where an application decides who may send requests. */
  public static Access ofHost() {
    return new Access();
  }

  /** Returns 256 random bits as text. */
  public static String randomToken() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * Refuses requests under a foreign host name (DNS rebinding): a page can point its own name to
   * this machine.
   */
  void requireLocalName(Request request) {
    String host =
        request.header("Host").orElse("").replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
    if (local && !LOCAL_NAMES.contains(host)) {
      throw new Refusal(403, "refused_host");
    }
  }

  /** Returns whether the request has the token of the link. */
  boolean isLink(Request request) {
    return !trusting && request.isSafe() && same(request.query().text("token"), token);
  }

  /** Adds the cookie to a response. Scripts cannot read it, and other sites cannot send it. */
  Response admit(Response response) {
    return response.with(
        "Set-Cookie", cookie + "=" + session + "; Path=" + path + "; HttpOnly; SameSite=Strict");
  }

  /** Refuses a browser that has not opened the link. */
  void requireSession(Request request) {
    boolean known = trusting;
    for (String header : request.headers().getOrDefault("cookie", List.of())) {
      for (String pair : header.split(";", -1)) {
        String[] parts = pair.strip().split("=", 2);
        known |= parts.length == 2 && parts[0].equals(cookie) && same(parts[1], session);
      }
    }
    if (!known) {
      throw new Refusal(401, "refused_token");
    }
  }

  /** Refuses a change that a page of another origin asks for. */
  void requireOwnOrigin(Request request) {
    if (request.isSafe()) {
      return;
    }
    Optional<String> origin = request.header("Origin");
    Optional<String> site = request.header("Sec-Fetch-Site");
    boolean own =
        origin.isPresent()
            ? authority(origin.get()).equals(request.header("Host").map(String::strip))
            : site.isPresent() && site.get().equals("same-origin");
    if (!own || site.filter(from -> !from.equals("same-origin")).isPresent()) {
      throw new Refusal(403, "refused_origin");
    }
  }

  /** Returns host and port of an origin; behind a proxy with TLS, its scheme differs from ours. */
  private static Optional<String> authority(String origin) {
    try {
      return Optional.ofNullable(URI.create(origin).getRawAuthority());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean same(String given, String expected) {
    return MessageDigest.isEqual(
        given.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
  }
}
