package io.adapt4j.federated;

/**
 * Which training is to be configured.
 *
 * @param site the name of the site
 * @param round the round, from 1; 0 for the one step that makes the first adapter and changes
 *     nothing in it
 * @param rounds how many rounds there will be
 */
public record SiteRound(String site, int round, int rounds) {}
