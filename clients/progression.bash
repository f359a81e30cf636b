# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for progression(1)
_progression() {
  local word=${COMP_WORDS[COMP_CWORD]} command= i
  local commands='status rank gates badges metrics leaderboard call xp deal module exam boss boss-attempt certification report
    specialization title promote revoke events operations audit retry discard sync sign-in sign-out provision export import
    rules'
  local -A options=(
    [call]='--duration --lead --id --at --details' [xp]='--amount --ref --id --at --details' [deal]='--at --details'
    [revoke]='--reason' [events]='--since --until --type --limit' [metrics]='--days --from --to'
    [leaderboard]='--limit'
    [operations]='--state --limit' [audit]='--limit' [sign-in]='--server --member' [sign-out]='--pending'
    [provision]='--dry-run --admin-token' [import]='--elsewhere'
  )
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }
  done
  COMPREPLY=()
  if [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands --json --help --version" -- "$word")
    return
  fi
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${options[$command]} --json --help" -- "$word")
    return
  fi
  case ${COMP_WORDS[COMP_CWORD - 1]} in
    --pending) mapfile -t COMPREPLY < <(compgen -W 'refuse keep export' -- "$word"); return ;;
    --state) mapfile -t COMPREPLY < <(compgen -W 'new sent ledgered folded quarantined voided superseded remote discarded' -- "$word"); return ;;
    call) mapfile -t COMPREPLY < <(compgen -W 'CONTACT CALLBACK VOICEMAIL NO_ANSWER NOT_INTERESTED WRONG_NUMBER DNC' -- "$word"); return ;;
    gates) mapfile -t COMPREPLY < <(compgen -W 'E-1 E-2 E-3 E-4 E-5 E-6 E-7' -- "$word"); return ;;
    boss | boss-attempt) mapfile -t COMPREPLY < <(compgen -W 'redhawk' -- "$word"); return ;;
    report) mapfile -t COMPREPLY < <(compgen -W 'cadence_completion team_conversion mentees' -- "$word"); return ;;
    specialization) mapfile -t COMPREPLY < <(compgen -W 'speed_dialer relationship_builder closer referral_master' -- "$word"); return ;;
    rules) mapfile -t COMPREPLY < <(compgen -W 'check show' -- "$word"); return ;;
    import | export | check) compopt -o default; return ;;
  esac
}
complete -F _progression progression
